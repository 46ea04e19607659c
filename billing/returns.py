"""How money that goes back splits into tax, unused credits, and what was used already.

All of it follows from the running total, so that the parts add up whatever came first.
"""

from collections.abc import Sequence
from typing import NamedTuple

from billing.models import Payment
from billing.shares import Share, part_of
from ledger.services import Leg


class Split(NamedTuple):
    net: int
    tax: int


def returned_after(payment: Payment, amount: int) -> int:
    return payment.refunded + payment.clawed_back + amount


def split(payment: Payment, amount: int) -> Split:
    """Tax pro rata of all that went back (E10, E11b)."""
    tax = part_of(payment.tax, returned_after(payment, amount), payment.amount)
    tax = min(max(tax - payment.tax_returned, 0), amount)
    return Split(amount - tax, tax)


def credits_for(payment: Payment, amount: int, taken: int) -> int:
    """Of the credits bought, as many in a hundred as of the money; less those taken before."""
    bought = payment.purchase.credits + payment.purchase.bonus_credits
    due = bought * (payment.returned + amount) // payment.amount
    return max(due - taken, 0)


def taken_before(payment: Payment) -> int:
    """Credits that went, or are frozen, with what was returned so far."""
    refunds = payment.refunds.exclude(state="failed").values_list("credits", flat=True)
    disputes = payment.disputes.exclude(state="won")
    return sum(refunds) + sum(
        dispute.frozen if dispute.state == "open" else dispute.clawed_credits
        for dispute in disputes
    )


def lot_legs(shares: Sequence[Share], to: str) -> list[list[Leg]]:
    return [[leg(share.lot.currency, "2100", to, share.net)] for share in shares]


def rest_legs(currency: str, *, tax: int, rest: int, account: str, to: str) -> list[Leg]:
    """Tax, and what is no longer deferred: it was used. Below zero it is a rounding of the other
    sign, which the same account takes."""
    legs = [leg(currency, "2200", to, tax)]
    legs.append(
        leg(currency, account, to, rest) if rest >= 0 else leg(currency, to, account, -rest)
    )
    return [one for one in legs if one.amount]


def leg(currency: str | None, debit: str, credit: str, amount: int) -> Leg:
    return Leg(debit, credit, amount, currency or "")
