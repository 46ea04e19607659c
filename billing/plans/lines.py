"""What an invoice is for, line by line. Minor units, net of tax."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from django.db.models import F, Q, Sum
from moneyed import get_currency

from billing import shown
from billing.models import (
    Invoice,
    InvoiceKind,
    Plan,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
    Subscription,
)
from billing.plans import connections
from billing.plans.calendar import day_of, last_day_before
from ledger.amounts import CREDIT
from ledger.models import Wallet

FEE: Final = "fee"
ARREARS: Final = "arrears"
OVERAGE: Final = "overage"


class Line(NamedTuple):
    part: str
    text: str
    net: int
    credits: int = 0


def fee(subscription: Subscription, plan: Plan) -> list[Line]:
    return _some(Line(FEE, f"{plan.name}, {_span(subscription)}", plan.fee))


def difference(text: str, net: int) -> list[Line]:
    return _some(Line(FEE, text, net))


def closing(subscription: Subscription) -> list[Line]:
    """Of a period that is over, what is known only then."""
    lines = [*overage(subscription), *_connections(subscription)]
    return [*lines, *_shortfall(subscription, lines)]


def overage(subscription: Subscription) -> list[Line]:
    """What was used beyond the credits there were. What is worth less than the smallest coin stays
    owed in credits."""
    return overage_of(subscription, subscription.plan)


def overage_of(subscription: Subscription, plan: Plan) -> list[Line]:
    debt = Wallet.objects.filter(customer=subscription.customer_id).values_list("debt", flat=True)
    credits = debt.first() or 0
    net = worth(credits, plan.overage_price, plan.currency)
    text = f"{shown.credits(credits)} credits beyond what was included, {_span(subscription)}"
    return _some(Line(OVERAGE, text, net, credits))


def worth(credits: int, price: Decimal, currency: str) -> int:
    """Micro-credits at so much a credit."""
    exact = Decimal(credits) / CREDIT * price * get_currency(currency).sub_unit
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def spent(subscription: Subscription) -> int:
    """In the period so far, in the plan's currency: fees and overage that were invoiced in it, and
    packs that were bought in it and not given back."""
    invoices = Invoice.objects.filter(
        subscription=subscription,
        period=subscription.period,
        currency=subscription.plan.currency,
    )
    of_changes = Q(kind=InvoiceKind.CHANGE)
    sums = invoices.aggregate(
        fees=Sum("fee", default=0),
        changes=Sum(F("overage") + F("arrears"), filter=of_changes, default=0),
    )
    return int(sums["fees"] + sums["changes"] + _bought(subscription))


def _bought(subscription: Subscription) -> int:
    bought = Purchase.objects.filter(
        customer=subscription.customer_id,
        state=PurchaseState.PAID,
        currency=subscription.plan.currency,
        # By the clock of those who paid: the ledger's own may be moved in a sandbox only.
        payment__paid_at__gte=subscription.period_start,
        payment__paid_at__lt=subscription.period_end,
    )
    refunds = Refund.objects.filter(payment__purchase__in=bought).exclude(state=RefundState.FAILED)
    net: int = bought.aggregate(sum=Sum("net", default=0))["sum"]
    back: int = refunds.aggregate(sum=Sum("net", default=0))["sum"]
    return net - back


def _connections(subscription: Subscription) -> list[Line]:
    plan, number = subscription.plan, connections.billed(subscription)
    price = shown.money(plan.connection_fee, plan.currency)
    what = "connected application" if number == 1 else "connected applications"
    text = f"{number} {what} at {price}, {_span(subscription)}"
    return _some(Line(ARREARS, text, number * plan.connection_fee))


def _shortfall(subscription: Subscription, lines: Iterable[Line]) -> list[Line]:
    plan = subscription.plan
    if not plan.minimum_spend:
        return []
    missing = plan.minimum_spend - spent(subscription) - sum(line.net for line in lines)
    minimum = shown.money(plan.minimum_spend, plan.currency)
    text = f"What is missing to the minimum of {minimum}, {_span(subscription)}"
    return _some(Line(ARREARS, text, missing))


def sum_of(lines: Iterable[Line], part: str) -> int:
    return sum(line.net for line in lines if line.part == part)


def _some(line: Line) -> list[Line]:
    return [line] if line.net > 0 else []


def _span(subscription: Subscription) -> str:
    customer = subscription.customer
    first = day_of(subscription.period_start, customer)
    last = last_day_before(subscription.period_end, customer)
    return f"{first:%-d %B %Y} to {last:%-d %B %Y}"
