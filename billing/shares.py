"""What a payment's lots have left, and what that is worth.

To be read under the wallet's lock, which `locked_lots` takes: no credit moves until the database
transaction ends, so what is computed here is what is posted.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from billing.models import Payment
from ledger import selectors, services
from ledger.models import Lot


class Share(NamedTuple):
    """Credits of one lot, and the difference of its carrying values that they make."""

    lot: Lot
    credits: int
    net: int
    frozen: int = 0  # of the credits


def locked_lots(payment: Payment) -> list[Lot]:
    """In the order of their issue."""
    customer_id = payment.purchase.customer_id
    services.refresh(customer_id)
    return list(Lot.objects.filter(customer_id=customer_id, id__in=payment.lots).order_by("seq"))


def free(lots: Sequence[Lot], now: datetime | None = None) -> int:
    now = now or selectors.now()
    return sum(_free(lot, now) for lot in lots)


def take(lots: Sequence[Lot], credits: int, frozen: Sequence[int] = ()) -> list[Share]:
    """Up to so many: what is frozen of each lot for this, then what is free."""
    now, left, shares = selectors.now(), credits, []
    for lot, kept in zip(lots, frozen or [0] * len(lots), strict=True):
        out_of_frozen = min(kept, left)
        part = out_of_frozen + min(_free(lot, now), left - out_of_frozen)
        if part:
            shares.append(Share(lot, part, worth(lot, part), out_of_frozen))
        left -= part
    return shares


def worth(lot: Lot, credits: int) -> int:
    return carrying(lot, lot.remaining) - carrying(lot, lot.remaining - credits)


def carrying(lot: Lot, units: int) -> int:
    """The accounting rules, section 2.3."""
    return part_of(lot.price, units, lot.units)


def part_of(amount: int, part: int, whole: int) -> int:
    exact = Decimal(amount * part) / whole
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def _free(lot: Lot, now: datetime) -> int:
    if lot.expires_at is not None and lot.expires_at <= now:
        return 0
    return lot.remaining - lot.held - lot.frozen
