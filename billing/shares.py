"""What a payment's lots have left, and what that is worth.

To be read under the wallet's lock, which `locked` takes: no credit moves until the database
transaction ends, so what is computed here is what is posted.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from billing.models import Payment
from ledger import selectors, services
from ledger.models import Lot


class Share(NamedTuple):
    """Credits of one lot, and the difference of its carrying values that they make."""

    lot: Lot
    credits: int
    net: int
    frozen: int = 0  # of the credits


class Holding(NamedTuple):
    """A payment's lots in the order of their issue, and what is free of each."""

    lots: list[Lot]
    free_of_each: list[int]
    available: int  # of the wallet

    @property
    def free(self) -> int:
        """A hold on the credit limit is of no lot, but leaves less to be taken."""
        return max(min(sum(self.free_of_each), self.available), 0)


def locked(payment: Payment) -> Holding:
    customer_id = payment.purchase.customer_id
    balance = services.refresh(customer_id)
    lots = list(Lot.objects.filter(customer_id=customer_id, id__in=payment.lots).order_by("seq"))
    now = selectors.now()
    free = [
        0 if lot.expires_at and lot.expires_at <= now else lot.remaining - lot.held - lot.frozen
        for lot in lots
    ]
    return Holding(lots, free, balance.available or 0)


def take(holding: Holding, credits: int, frozen: Sequence[int] = ()) -> list[Share]:
    """Up to so many: all that is frozen of each lot for this, and then as large a part of what is
    free of each. They were bought as one: nobody returns the dear ones and keeps the bonus."""
    kept = frozen or [0] * len(holding.lots)
    parts = pro_rata(min(credits - sum(kept), holding.free), holding.free_of_each)
    return [
        Share(lot, own + part, worth(lot, own + part), own)
        for lot, own, part in zip(holding.lots, kept, parts, strict=True)
        if own + part
    ]


def pro_rata(amount: int, weights: Sequence[int]) -> list[int]:
    """No more than the weights' sum, and then no part is more than its weight. What is lost by
    rounding down goes to the next, and so to the last."""
    whole = sum(weights)
    upto = [amount * sum(weights[:n]) // (whole or 1) for n in range(len(weights) + 1)]
    return [after - before for before, after in pairwise(upto)]


def added(
    lots: Sequence[UUID], amounts: Sequence[int], more: Sequence[tuple[UUID, int]]
) -> dict[UUID, int]:
    """By lot, in the order in which they came."""
    sums = dict(zip(lots, amounts, strict=True))
    for lot, amount in more:
        sums[lot] = sums.get(lot, 0) + amount
    return sums


def worth(lot: Lot, credits: int) -> int:
    return carrying(lot, lot.remaining) - carrying(lot, lot.remaining - credits)


def carrying(lot: Lot, units: int) -> int:
    """The accounting rules, section 2.3."""
    return part_of(lot.price, units, lot.units)


def part_of(amount: int, part: int, whole: int) -> int:
    exact = Decimal(amount * part) / whole
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
