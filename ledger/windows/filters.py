"""What of history is asked for, and the rows that an index leads to for it."""

from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from ledger import periods, selectors
from ledger.models import Price, ReservationState
from ledger.periods import ALWAYS, Period

# A caller's id may be of a moment that is a little ahead (keys.py).
_AHEAD: Final = timedelta(hours=1)
# A plan that made a join of it would read all calls: what has an offset stays what it is.
_OF_CALL: Final = """exists (
    select from ledger_reservation r
    where r.customer_id = ledger_transfer.customer_id and r.id = ledger_transfer.reservation_id
        and {} offset 0)"""


class Filters(NamedTuple):
    """Rows to which all of it applies. Each kind of row knows some of these."""

    period: Period = ALWAYS
    customer_id: UUID | None = None
    kind: str = ""
    unit: str = ""  # credits, money, or a currency
    account: str = ""
    endpoint: str = ""
    key_id: UUID | None = None
    state: ReservationState | None = None
    outcome: str = ""
    is_open: bool | None = None
    lot_id: UUID | None = None
    transaction_id: UUID | None = None
    reservation_id: UUID | None = None
    request_id: str = ""
    month: date | None = None  # of the books, by its first day


def within(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """A customer's, or everybody's, with ids about the time that is asked for: callers date
    theirs back by a day at most."""
    if filters.customer_id is not None:
        rows = rows.filter(customer_id=filters.customer_id)
    if filters.period == ALWAYS:
        return rows
    ids = periods.ids_of(filters.period, filters.customer_id)
    if ids is None:
        return rows
    above = min(ids.above, selectors.lowest_id(min(filters.period.end, periods.LAST) + _AHEAD))
    return rows.filter(id__gte=ids.lowest, id__lt=above)


def in_period(rows: QuerySet[Any], filters: Filters, time: str) -> QuerySet[Any]:
    """By when they were written."""
    if filters.period == ALWAYS:
        return rows
    first, end = filters.period
    return rows.filter(**{f"{time}__gte": first, f"{time}__lt": end})


def of_calls(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """Transfers of calls of an endpoint, or with a key."""
    if filters.endpoint:
        rows = rows.filter(_of_call("r.price_id = any(%s)", prices_of(filters.endpoint)))
    if filters.key_id is not None:
        rows = rows.filter(_of_call("r.api_key_id = %s", filters.key_id))
    return rows


def prices_of(endpoint: str) -> list[int]:
    return list(Price.objects.filter(endpoint__code=endpoint).values_list("id", flat=True))


def _of_call(condition: str, value: Any) -> RawSQL:
    return RawSQL(_OF_CALL.format(condition), [value], output_field=BooleanField())
