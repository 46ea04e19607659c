"""The time that a list is asked for: `from` and `to`, the end excluded. A date is the instant at
which its UTC day begins."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from accounts.errors import InvalidRequest
from ledger import selectors

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    start: datetime
    end: datetime


def asked(query: QueryDict) -> Period:
    """All of time where nothing is said. Raises InvalidRequest."""
    return _checked(Period(_instant(query, "from") or _FIRST, _instant(query, "to") or _LAST))


def asked_within(query: QueryDict, *, default: timedelta, longest: timedelta) -> Period:
    """Until now, and `default` long, where nothing is said. Raises InvalidRequest."""
    end = _instant(query, "to") or selectors.now()
    start = _instant(query, "from") or max(end - default, _FIRST)
    if end - start > longest:
        raise _invalid("from", f"Ask for {longest.days} days at most.")
    return _checked(Period(start, end))


def rows_of(period: Period) -> Q:
    """Those that were created in it. By their ids, which have a time of their own, the partitions
    of other months are left out."""
    found = Q(created_at__gte=period.start, created_at__lt=period.end)
    if _clock_is_moved():
        return found
    lowest = selectors.lowest_id(max(period.start - selectors.IDS_LAG, _FIRST))
    return found & Q(id__gte=lowest, id__lt=selectors.lowest_id(period.end + selectors.IDS_LAG))


def _clock_is_moved() -> bool:
    """Then the ids that callers make are not of the ledger's time."""
    with connection.cursor() as cursor:
        cursor.execute("select shift <> '0' from ledger_clock")
        return bool(cursor.fetchall()[0][0])


def _instant(query: QueryDict, field: str) -> datetime | None:
    text = query.get(field)
    if text is None:
        return None
    try:
        instant = _read(text)
    except (ValueError, OverflowError):
        instant = None
    if instant is None or not _FIRST <= instant <= _LAST:
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
