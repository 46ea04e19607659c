"""A customer's calls one by one: reservations, open and ended, and debits."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.errors import NotFound
from accounts.models import ApiKey
from ledger import periods, reservations, selectors
from ledger.models import Price, Reservation, ReservationState
from ledger.paging import Asked, ById
from ledger.periods import Period
from ledger.reservations import Found


class Filters(NamedTuple):
    """Which calls: those to which all of it applies. `key_id` is of a key of the customer."""

    period: Period
    endpoint: str | None = None
    key_id: UUID | None = None
    state: ReservationState | None = None
    outcome: str | None = None
    request_id: str | None = None


class LoggedCall(NamedTuple):
    found: Found
    key: ApiKey | None
    address: str | None

    @property
    def cost(self) -> int:
        """Net of what was given back, in micro-credits."""
        return self.found.row.committed - self.found.row.reversed

    @property
    def is_reported(self) -> bool:
        return self.found.row.happened_at is not None


def calls(customer_id: UUID, asked: Asked[ById], filters: Filters) -> list[LoggedCall]:
    """The last made first. Raises NotFound, for another customer's key."""
    instant = selectors.now(customer_id)
    rows = Reservation.objects.filter(applying(customer_id, filters), customer_id=customer_id)
    if filters.state is not None:
        rows = reservations.in_state(rows, filters.state, instant)
    if asked.after is not None:
        rows = rows.filter(id__lt=asked.after.id)
    return logged(rows.order_by("-id")[: asked.rows], instant)


def logged(
    rows: Collection[Reservation] | QuerySet[Reservation], instant: datetime
) -> list[LoggedCall]:
    """With their prices and keys, as they stand at an instant."""
    found = reservations.found(rows, instant)
    keys = _keys({one.row.api_key_id for one in found})
    return [LoggedCall(one, keys.get(one.row.api_key_id), one.row.address) for one in found]


def applying(customer_id: UUID, filters: Filters) -> Q:
    """All but the state, which depends on when one asks. Raises NotFound, for another customer's
    key."""
    found = periods.rows_of(customer_id, filters.period)
    if filters.endpoint is not None:
        found &= Q(price_id__in=_prices(filters.endpoint))
    if filters.key_id is not None:
        if not ApiKey.objects.filter(id=filters.key_id, customer_id=customer_id).exists():
            raise NotFound
        found &= Q(api_key_id=filters.key_id)
    if filters.outcome is not None:
        found &= Q(outcome=filters.outcome)
    if filters.request_id is not None:
        found &= Q(request_id=filters.request_id) | Q(ended_request_id=filters.request_id)
    return found


def _prices(endpoint: str) -> list[int]:
    """Read before: the planner goes through the calls in order when it sees the ids."""
    return list(Price.objects.filter(endpoint__code=endpoint).values_list("id", flat=True))


def _keys(ids: Collection[UUID | None]) -> dict[UUID | None, ApiKey]:
    return {key.id: key for key in ApiKey.objects.filter(id__in=[id for id in ids if id])}
