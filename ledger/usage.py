"""What a customer used, summed. A call counts on the UTC day on which it was made, with what it
costs by now: a reversal makes that day's sum smaller. `usage_sums.py` keeps sums of past days, and
the rest is read call by call: one snapshot, in which every call is once."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import ApiKey
from ledger import services
from ledger.models import Price, ReservationState
from ledger.paging import Asked, ByGroup
from ledger.periods import Period


class Dimension(StrEnum):
    DAY = "day"
    ENDPOINT = "endpoint"
    KEY = "key"
    OUTCOME = "outcome"


class Used(NamedTuple):
    """The calls of a group that were committed, and their micro-credits. The group is None in what
    it is not grouped by, and in what its calls do not say."""

    group: ByGroup
    key: ApiKey | None
    calls: int
    amount: int


class Unbilled(NamedTuple):
    """How many calls ended without a commit."""

    released: int
    expired: int


class Use(NamedTuple):
    """Micro-credits, and when the first call was made that cost any of them."""

    amount: int
    first_at: datetime | None


class _Sum(NamedTuple):
    day: date | None
    price_id: int | None
    key: UUID | None
    outcome: str | None
    state: str | None
    calls: int
    amount: int


_COLUMNS: Final[Mapping[Dimension, str]] = {
    Dimension.DAY: "day",
    Dimension.ENDPOINT: "price_id",
    Dimension.KEY: "api_key_id",
    Dimension.OUTCOME: "outcome",
}


def usage(
    customer_id: UUID, asked: Asked[ByGroup], period: Period, by: Collection[Dimension]
) -> list[Used]:
    """A page of `sums`."""
    found = _by_group(customer_id, period, by)
    if asked.after is not None:
        last = _place(asked.after)
        found = [one for one in found if _place(one.group) > last]
    return _with_keys(found[: asked.rows])


def sums(customer_id: UUID, period: Period, by: Collection[Dimension]) -> list[Used]:
    """By day, then endpoint, key and outcome. Not grouped at all, it is one sum, of nothing too."""
    return _with_keys(_by_group(customer_id, period, by))


def unbilled(customer_id: UUID, period: Period) -> Unbilled:
    """As of this second: holds whose time has come are expired. Raises UnknownCustomer."""
    services.refresh(customer_id)
    calls = {one.state: one.calls for one in _sums(customer_id, period, ["state"])}
    states = ReservationState.RELEASED, ReservationState.EXPIRED
    return Unbilled(*(calls.get(state, 0) for state in states))


def use(customer_id: UUID, period: Period) -> Use:
    """All of it, in one sum."""
    with connection.cursor() as cursor:
        cursor.execute("select * from ledger_use(%s, %s, %s)", [customer_id, *period])
        return Use(*cursor.fetchall()[0])


def _by_group(customer_id: UUID, period: Period, by: Collection[Dimension]) -> list[Used]:
    """In their order, without the keys themselves."""
    calls, amounts = Counter[ByGroup](), Counter[ByGroup]()
    if not by:
        calls[ByGroup(None, None, None)] = 0
    found = _sums(customer_id, period, [_COLUMNS[dimension] for dimension in by])
    endpoints = _endpoints(one.price_id for one in found)
    for one in found:
        group = ByGroup(one.day, endpoints.get(one.price_id), one.key, one.outcome)
        calls[group] += one.calls
        amounts[group] += one.amount
    groups = sorted(calls, key=_place)
    return [Used(group, None, calls[group], amounts[group]) for group in groups]


def _sums(customer_id: UUID, period: Period, columns: Iterable[str]) -> list[_Sum]:
    """One query, so that every call is in it once, whatever becomes of it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select * from ledger_usage(%s, %s, %s, %s)", [customer_id, *period, list(columns)]
        )
        return [_Sum(*row) for row in cursor.fetchall()]


def _endpoints(prices: Iterable[int | None]) -> dict[int | None, str]:
    """An endpoint has a price on each rate card."""
    found = Price.objects.filter(id__in={id for id in prices if id})
    return dict(found.values_list("id", "endpoint__code"))


def _with_keys(found: list[Used]) -> list[Used]:
    keys = ApiKey.objects.in_bulk({one.group.key for one in found if one.group.key})
    return [one._replace(key=keys.get(one.group.key) if one.group.key else None) for one in found]


def _place(group: ByGroup) -> tuple[date, str, UUID, str]:
    return (
        group.day or date.min,
        group.endpoint or "",
        group.key or UUID(int=0),
        group.outcome or "",
    )
