"""The lots that a kind is about, in words."""

from typing import Final

from accounts import ids
from accounts.models import Customer
from billing import figures
from billing.books.lots import grace_is_over
from billing.models import AdjustmentKind as Kind
from ledger import lot_origins, selectors
from ledger.ids import LOT
from ledger.models import Lot

LOTS_MAX: Final = 200
NO_SUCH: Final = "The customer has no such lot."
NOT_EXPIRED: Final = "Nothing has expired or was forfeited of such a lot of the customer's."
NONE_EXPIRED: Final = "Nothing of the customer's lots has expired or was forfeited."


def of(customer: Customer, kind: str) -> list[tuple[str, str]]:
    if kind == Kind.REINSTATE:
        return _to_reinstate(customer)
    found = Lot.objects.filter(customer=customer, open=True)
    if kind == Kind.VOID:
        found = found.filter(paid=False)
    if kind == Kind.EXTEND:
        found = found.filter(expires_at__gt=selectors.now(customer.pk))
    found = found.order_by("priority", "expires_at", "paid", "seq")
    return [(ids.encode(LOT, lot.id), _open(lot)) for lot in found[:LOTS_MAX]]


def _to_reinstate(customer: Customer) -> list[tuple[str, str]]:
    """What a state may claim is returned to its owner otherwise."""
    amounts = lot_origins.expired(customer.pk)
    now = selectors.now(customer.pk)
    found = Lot.objects.filter(customer=customer, escheat_class=None)
    # What is due expires before anything is given back.
    for lot in found.filter(open=True, expires_at__lte=now):
        amounts[lot.id] = amounts.get(lot.id, 0) + lot.remaining - lot.held - lot.frozen
    named = [id for id, amount in amounts.items() if amount > 0]
    lots = found.filter(id__in=named).order_by("-seq")[:LOTS_MAX]
    return [(ids.encode(LOT, lot.id), _expired(lot, amounts[lot.id])) for lot in lots]


def _open(lot: Lot) -> str:
    free = figures.credits(lot.remaining - lot.held - lot.frozen)
    ends = f"expires {lot.expires_at:%Y-%m-%d}" if lot.expires_at else "never expires"
    frozen = ", frozen" if lot.frozen else ""
    return f"{_name(lot)}: {free} free, {ends}{frozen}"


def _expired(lot: Lot, amount: int) -> str:
    ends = f", expiry {lot.expires_at:%Y-%m-%d}" if lot.expires_at else ""
    late = ", too long ago" if grace_is_over(lot) else ""
    return f"{_name(lot)}: up to {figures.credits(amount)} can come back{ends}{late}"


def _name(lot: Lot) -> str:
    return f"Lot {lot.seq}, {lot.kind}"
