"""What a customer used, summed. A call counts on the UTC day on which it was made, with what it
costs by now: a reversal makes that day's sum smaller. So these are sums over the call log."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import ApiKey
from ledger import periods
from ledger.models import Price, Reservation, ReservationState
from ledger.paging import Asked, ByGroup
from ledger.periods import Period


class Dimension(StrEnum):
    DAY = "day"
    ENDPOINT = "endpoint"
    KEY = "key"


class Used(NamedTuple):
    """The calls of a group that were committed, and their micro-credits. The group is None in what
    it is not grouped by, and in what its calls do not say."""

    group: ByGroup
    key: ApiKey | None
    calls: int
    amount: int


_COLUMNS: Final[Mapping[Dimension, str]] = {
    Dimension.DAY: "day",
    Dimension.ENDPOINT: "price_id",
    Dimension.KEY: "api_key_id",
}
_COMMITTED = Q(committed__gt=0) | Q(
    state__in=[ReservationState.COMMITTED, ReservationState.REVERSED]
)
_SUMS: Final = {"calls": Count("*"), "amount": Sum(F("committed") - F("reversed"))}


def committed(customer_id: UUID, period: Period) -> QuerySet[Reservation]:
    """The calls that count: of those that are still open, those committed in part."""
    return Reservation.objects.filter(_COMMITTED, periods.rows_of(period), customer_id=customer_id)


def usage(
    customer_id: UUID, asked: Asked[ByGroup], period: Period, by: Collection[Dimension]
) -> list[Used]:
    """By day, then endpoint, then key. Not grouped at all, it is one sum, of nothing too."""
    calls, amounts = Counter[ByGroup](), Counter[ByGroup]()
    sums = _sums(customer_id, period, by)
    endpoints = _endpoints(row.get("price_id") for row in sums)
    for row in sums:
        endpoint = endpoints.get(row.get("price_id"))
        group = ByGroup(row.get("day"), endpoint, row.get("api_key_id"))
        calls[group] += row["calls"]
        amounts[group] += row["amount"] or 0
    groups = sorted(calls, key=_place)
    if asked.after is not None:
        last = _place(asked.after)
        groups = [group for group in groups if _place(group) > last]
    shown = groups[: asked.rows]
    keys = ApiKey.objects.in_bulk([group.key for group in shown if group.key])
    return [
        Used(group, keys.get(group.key) if group.key else None, calls[group], amounts[group])
        for group in shown
    ]


def _sums(
    customer_id: UUID, period: Period, by: Collection[Dimension]
) -> Collection[dict[str, Any]]:
    """One query, so that every call is in it once, whatever becomes of it meanwhile."""
    rows = committed(customer_id, period).annotate(day=TruncDate("created_at", tzinfo=UTC))
    columns = [column for dimension, column in _COLUMNS.items() if dimension in by]
    if not columns:
        return [rows.aggregate(**_SUMS)]
    return list(rows.values(*columns).annotate(**_SUMS))


def _endpoints(prices: Iterable[int | None]) -> dict[int | None, str]:
    """An endpoint has a price on each rate card."""
    found = Price.objects.filter(id__in={id for id in prices if id})
    return dict(found.values_list("id", "endpoint__code"))


def _place(group: ByGroup) -> tuple[date, str, UUID]:
    return group.day or date.min, group.endpoint or "", group.key or UUID(int=0)
