"""What is new of a customer's calls: those above an id that was seen, and what became of others."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from ledger import reservations, selectors
from ledger.call_log import Filters, LoggedCall, applying, logged
from ledger.models import Price, Reservation

# Of which the endpoints are offered.
_LAST_CALLS: Final = 1_000


def newest_id(customer_id: UUID) -> UUID | None:
    found = Reservation.objects.filter(customer_id=customer_id).order_by("-id")
    return found.values_list("id", flat=True).first()


def ids_above(customer_id: UUID, above: UUID, limit: int) -> list[UUID]:
    """The lowest first."""
    found = Reservation.objects.filter(customer_id=customer_id, id__gt=above).order_by("id")
    return list(found.values_list("id", flat=True)[:limit])


def above(customer_id: UUID, filters: Filters, above: UUID, limit: int) -> list[LoggedCall]:
    """The last made first. Raises NotFound, for another customer's key."""
    instant = selectors.now(customer_id)
    found = Reservation.objects.filter(applying(customer_id, filters), customer_id=customer_id)
    if filters.state is not None:
        found = reservations.in_state(found, filters.state, instant)
    return logged(found.filter(id__gt=above).order_by("-id")[:limit], instant)


def with_ids(customer_id: UUID, ids: Collection[UUID]) -> list[LoggedCall]:
    """The last made first."""
    found = Reservation.objects.filter(customer_id=customer_id, id__in=ids).order_by("-id")
    return logged(found, selectors.now(customer_id)) if ids else []


def endpoints(customer_id: UUID) -> set[str]:
    """The codes of those that it pays for now, and of its last calls."""
    now = selectors.prices_of(customer_id, selectors.now())
    last = Reservation.objects.filter(customer_id=customer_id).order_by("-id")
    called = set(last.values_list("price_id", flat=True)[:_LAST_CALLS]) - {None}
    before = Price.objects.filter(id__in=called).values_list("endpoint__code", flat=True)
    return {*(price.endpoint.code for price in now), *before}
