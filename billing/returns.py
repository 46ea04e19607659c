"""How money that goes back splits into tax, unused credits, and what was used already.

All of it follows from the running total, so that the parts add up whatever came first.
"""

from typing import NamedTuple

from billing.models import DisputeState, Payment, RefundState
from billing.shares import part_of
from ledger.services import Leg


class Split(NamedTuple):
    net: int
    tax: int


def split(payment: Payment, amount: int) -> Split:
    """Tax pro rata of all that went back (E10, E11b)."""
    tax = part_of(payment.tax, payment.reversed + amount, payment.amount)
    tax = min(max(tax - payment.tax_returned, 0), amount)
    return Split(amount - tax, tax)


def credits_to_take(payment: Payment, amount: int) -> int:
    """Of the credits bought, as many in a hundred as of the money that is back with this; less
    those that went, or should have gone, before. Open disputes count for nothing: they may be
    won."""
    after = _part(payment, payment.reversed + amount)
    return max(after - _spoken_for(payment), 0) if amount else 0


def credits_to_freeze(payment: Payment, amount: int) -> int:
    """The same of what may be back in the end."""
    disputed = payment.disputes.filter(state=DisputeState.OPEN).values_list("credits", flat=True)
    after = _part(payment, payment.reversed + payment.disputed + amount)
    return max(after - _spoken_for(payment) - sum(disputed), 0) if amount else 0


def _part(payment: Payment, amount: int) -> int:
    bought = payment.purchase.credits + payment.purchase.bonus_credits
    return bought * amount // payment.amount


def _spoken_for(payment: Payment) -> int:
    """With those that could not be taken, because they were held or used: they stay wanted."""
    refunds = payment.refunds.exclude(state=RefundState.FAILED)
    lost = payment.disputes.filter(state=DisputeState.LOST)
    wanted = refunds.values_list("credits", "pending")
    return sum(map(sum, wanted)) + sum(lost.values_list("credits", flat=True))


def rest_legs(
    currency: str, *, tax: int, rest: int, account: str, to: str, tax_account: str = "2200"
) -> list[Leg]:
    """Tax, and what is no longer deferred: it was used. Below zero it is a rounding of the other
    sign, which the same account takes."""
    legs = [leg(currency, tax_account, to, tax)]
    legs.append(
        leg(currency, account, to, rest) if rest >= 0 else leg(currency, to, account, -rest)
    )
    return [one for one in legs if one.amount]


def leg(currency: str | None, debit: str, credit: str, amount: int) -> Leg:
    return Leg(debit, credit, amount, currency or "")
