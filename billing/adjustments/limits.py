"""How large an adjustment is, and whether somebody may do it alone.

What one person asks for one customer within 24 hours counts together, so a large one cannot be cut
into small ones.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import Q
from moneyed import get_currency

from billing import shown
from billing.adjustments import yardsticks
from billing.adjustments.checking import lot_of
from billing.adjustments.effects import Effect
from billing.adjustments.yardsticks import Limit
from billing.books import periods
from billing.books.rows import value
from billing.models import Adjustment, AdjustmentState, Policy
from billing.models import AdjustmentKind as Kind
from ledger.models import Lot

WINDOW: Final = timedelta(hours=24)
_CARRYING = "select ledger_carrying(%(price)s, %(units)s, %(left)s)"


class Size(NamedTuple):
    """Micro-credits, and what was paid for them in the functional currency; None where no rate
    says it."""

    credits: int
    money: Decimal | None
    currency: str


def size(adjustment: Adjustment, effect: Effect) -> Size:
    """Of what it moves in the customer's book; an extension is as large as what is left."""
    to = Policy.current().functional_currency
    if adjustment.kind == Kind.EXTEND:
        lot = lot_of(adjustment)
        worth = {lot.currency: _carrying(lot)} if lot.currency else {}
        return Size(lot.remaining, _converted(worth, to), to)
    own = [lot.change for lot in effect.lots if lot.customer_id == adjustment.customer_id]
    credits = max(sum(one for one in own if one > 0), -sum(one for one in own if one < 0))
    return Size(
        max(credits, adjustment.credits or 0), _converted(_worth(adjustment, effect), to), to
    )


def why_it_waits(adjustment: Adjustment, size: Size, besides: Sequence[Adjustment] = ()) -> str:
    """A sentence; empty where the person may do it alone. `besides` are asked for with it."""
    limit = yardsticks.limit(adjustment.asked_by)
    if limit is None:
        return "Whoever asks has no limit of their own: another person decides."
    if unsettled := yardsticks.why_unsettled():
        return unsettled
    if size.money is None:
        return f"No exchange rate to {size.currency} says what it is worth."
    credits, money = so_far(adjustment, besides)
    told = f"The limit of {limit.role} for one customer in 24 hours is "
    if credits + size.credits > limit.credits:
        most, with_this = shown.credits(limit.credits), shown.credits(credits + size.credits)
        return _beyond(told, f"{most} credits", with_this, limit)
    if money + size.money > limit.money:
        with_this = f"{money + size.money:,.2f} {size.currency}"
        return _beyond(told, f"{limit.money:,.2f} {size.currency}", with_this, limit)
    return ""


def why_all_wait(adjustments: Sequence[Adjustment]) -> str:
    """Many of one file may be as large together as one of them alone."""
    limit = yardsticks.limit(adjustments[0].asked_by)
    assert limit is not None
    credits, money = _sum(adjustments)
    told, together = f"The limit of {limit.role} is ", "and all together are"
    if credits > limit.credits:
        most, all_ = shown.credits(limit.credits), shown.credits(credits)
        return f"{told}{most} credits, {together} {all_}."
    if money > limit.money:
        currency = adjustments[0].size_currency
        return f"{told}{limit.money:,.2f} {currency}, {together} {money:,.2f}."
    return ""


def so_far(adjustment: Adjustment, besides: Sequence[Adjustment] = ()) -> tuple[int, Decimal]:
    """What the same person did, or asked, for these customers in the last 24 hours."""
    of = [id for id in (adjustment.customer_id, adjustment.receiver_id) if id]
    found = Adjustment.objects.filter(
        Q(customer_id__in=of) | Q(receiver_id__in=of),
        asked_by=adjustment.asked_by,
        asked_at__gt=adjustment.asked_at - WINDOW,
        state__in=[AdjustmentState.APPLIED, AdjustmentState.WAITING],
    ).exclude(id=adjustment.id)
    same = [one for one in besides if {one.customer_id, one.receiver_id} & set(of)]
    return _sum([*found, *same])


def _sum(adjustments: Sequence[Adjustment]) -> tuple[int, Decimal]:
    known = [one.size_money for one in adjustments if one.size_money is not None]
    return sum(one.size_credits for one in adjustments), sum(known, Decimal(0))


def _beyond(told: str, most: str, with_this: str, limit: Limit) -> str:
    raised = " It was raised, which holds after 24 hours." if limit.is_raised else ""
    return f"{told}{most}, and with this one it is {with_this}.{raised}"


def _worth(adjustment: Adjustment, effect: Effect) -> dict[str, int]:
    """What leaves deferred revenue, or comes to it: the larger of both, by currency."""
    worth: dict[str, int] = {}
    for account in effect.accounts:
        if account.account == "2100" and account.customer_id == adjustment.customer_id:
            worth[account.unit] = max(account.debit, account.credit)
    return worth


def _carrying(lot: Lot) -> int:
    said = {"price": lot.price, "units": lot.units, "left": lot.remaining}
    return int(value(_CARRYING, said))


def _converted(worth: dict[str, int], to: str) -> Decimal | None:
    total = Decimal(0)
    for currency, minor in worth.items():
        rate = yardsticks.rate(currency, to, periods.today())
        if rate is None:
            return None
        total += Decimal(minor) / get_currency(currency).sub_unit * rate
    return total.quantize(Decimal("0.0001"))
