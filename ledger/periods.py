"""The time that a list is asked for: `from` and `to`, the end excluded. A date is the instant at
which its UTC day begins."""

from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from accounts.errors import InvalidRequest
from ledger import selectors

FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    start: datetime
    end: datetime


class Ids(NamedTuple):
    lowest: UUID
    above: UUID


ALWAYS: Final = Period(FIRST, LAST)
_MOVED: Final = """
select shift <> '0' or exists (
    select from ledger_wallet where customer_id = %s and clock_shift is not null)
from ledger_clock
"""


def asked(query: QueryDict) -> Period:
    """All of time where nothing is said. Raises InvalidRequest."""
    return _checked(Period(_instant(query, "from") or FIRST, _instant(query, "to") or LAST))


def asked_within(
    query: QueryDict, customer_id: UUID, *, default: timedelta, longest: timedelta
) -> Period:
    """Until now by the customer's clock, and `default` long, where nothing is said. Raises
    InvalidRequest."""
    end = _instant(query, "to") or selectors.now(customer_id)
    start = _instant(query, "from") or max(end - default, FIRST)
    if end - start > longest:
        raise _invalid("from", f"Ask for {longest.days} days at most.")
    return _checked(Period(start, end))


def rows_of(customer_id: UUID, period: Period) -> Q:
    """Those of the customer's that were created in it. By their ids, which have a time of their
    own, the partitions of other months are left out."""
    found = Q(created_at__gte=period.start, created_at__lt=period.end)
    ids = ids_of(period, customer_id)
    return found & Q(id__gte=ids.lowest, id__lt=ids.above) if ids else found


def ids_of(period: Period, customer_id: UUID | None = None) -> Ids | None:
    """Between which theirs are; None where the ids say nothing of when. Without a customer, of
    all whose own clocks stand."""
    if _clock_is_moved(customer_id):
        return None
    lowest = selectors.lowest_id(max(period.start - selectors.IDS_LAG, FIRST))
    return Ids(lowest, selectors.lowest_id(period.end + selectors.IDS_LAG))


def _clock_is_moved(customer_id: UUID | None) -> bool:
    """Then the ids that callers make are not of the ledger's time."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [customer_id])
        return bool(cursor.fetchall()[0][0])


def _instant(query: QueryDict, field: str) -> datetime | None:
    text = query.get(field)
    if text is None:
        return None
    try:
        instant = _read(text)
    except (ValueError, OverflowError):
        instant = None
    if instant is None or not FIRST <= instant <= LAST:
        raise _invalid(field, "A date such as 2026-11-21, or a time such as 2026-11-21T10:30:00Z.")
    return instant


def _read(text: str) -> datetime | None:
    """Raises ValueError, OverflowError."""
    day = parse_date(text)
    if day is not None:
        return datetime.combine(day, time(), UTC)
    instant = parse_datetime(text)
    return instant.astimezone(UTC) if instant and instant.tzinfo else None


def _checked(period: Period) -> Period:
    if period.start >= period.end:
        raise _invalid("to", "This must be after from.")
    return period


def _invalid(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": field, "detail": detail}])
