"""A plan as its page tells it."""

from datetime import datetime
from typing import NamedTuple

from accounts.models import Customer
from billing import shown
from billing.models import (
    Document,
    Invoice,
    InvoiceState,
    Overage,
    PaymentMethod,
    Plan,
    Subscription,
)
from billing.plans import calendar, catalogue, included, limits, subscribing
from billing.plans import unpaid as not_paid
from billing.portal.purchases.standing import Badge
from ledger import selectors
from ledger.limits import in_words as limits_in_words
from ledger.models import Endpoint, Lot

SHOWN = 24


class InvoiceRow(NamedTuple):
    invoice: Invoice
    document: Document
    number: str
    total: str
    badge: Badge
    is_payable: bool


class Offer(NamedTuple):
    plan: Plan
    price: str
    charge: str
    terms: list[str]
    is_current: bool
    is_next: bool
    can_be_now: bool
    is_dearer: bool


class Standing(NamedTuple):
    """`next_charge` is empty where nothing is charged: the plan ends then, or costs no money."""

    subscription: Subscription
    plan: Plan
    price: str
    terms: list[str]
    included: str
    used: str
    percent: int
    available: str
    begins: str
    ends: str
    ends_in_utc: str
    next_charge: str
    costs_money: bool
    card: str
    unpaid: list[InvoiceRow]
    committed_until: str
    cancelled_until: str


def standing(subscription: Subscription) -> Standing:
    plan = subscription.plan
    whole, left = _allowance(subscription)
    available = selectors.balance(subscription.customer_id).available
    used = whole - left
    agreed, ends_at = subscription.committed_until, subscription.ends_at
    follows = subscription.next_plan or plan
    return Standing(
        subscription=subscription,
        plan=plan,
        price=price(plan),
        terms=terms(plan),
        included=shown.credits(whole),
        used=shown.credits(used),
        percent=100 * used // whole if whole else 0,
        available=shown.credits(available),
        begins=day(subscription.period_start, subscription),
        ends=day(subscription.period_end, subscription),
        ends_in_utc=_in_utc(subscription),
        next_charge=_next_charge(follows) if ends_at is None else "",
        costs_money=subscribing.costs(plan),
        card=card(subscription.card) if subscription.card else "",
        unpaid=[_row(one) for one in unpaid(subscription)],
        committed_until=day(agreed, subscription) if agreed and agreed > selectors.now() else "",
        cancelled_until=day(ends_at, subscription) if ends_at else "",
    )


def offers(customer: Customer, subscription: Subscription | None) -> list[Offer]:
    current = subscription.plan if subscription else None
    return [
        Offer(
            plan=one,
            price=price(one),
            charge=_charge(one),
            terms=terms(one),
            is_current=current is not None and current.pk == one.pk,
            is_next=subscription is not None and subscription.next_plan_id == one.pk,
            can_be_now=current is not None
            and current.currency == one.currency
            and one.fee >= current.fee,
            is_dearer=current is not None and one.fee > current.fee,
        )
        for one in catalogue.offered()
    ]


def invoices(customer: Customer) -> list[InvoiceRow]:
    found = Invoice.objects.filter(customer=customer).select_related("document", "subscription")
    return [_row(one) for one in found.order_by("-id")[:SHOWN]]


def unpaid(subscription: Subscription) -> list[Invoice]:
    return list(not_paid.of(subscription).select_related("document", "subscription"))


def of_invoice(invoice: Invoice) -> InvoiceRow:
    return _row(invoice)


def price(plan: Plan) -> str:
    return f"{shown.money(plan.fee, plan.currency)} a month" if plan.fee else "No fee"


def terms(plan: Plan) -> list[str]:
    """In sentences, what a customer agrees to."""
    return [
        *_credits(plan),
        *_connections(plan),
        _overage(plan),
        *_time(plan),
        *_limits(plan),
    ]


def card(card: PaymentMethod) -> str:
    return f"{card.brand.capitalize()} {card.last4}".strip() or "Your card"


def day(instant: datetime, subscription: Subscription) -> str:
    """In the customer's time zone."""
    return f"{calendar.day_of(instant, subscription.customer):%-d %B %Y}"


def _allowance(subscription: Subscription) -> tuple[int, int]:
    """Credits of this period's lots, and what is left of them."""
    lots = Lot.objects.filter(
        customer=subscription.customer_id, document=included.name_of_period(subscription)
    )
    rows = list(lots.values_list("units", "remaining"))
    return sum(units for units, _ in rows), sum(left for _, left in rows)


def _row(invoice: Invoice) -> InvoiceRow:
    is_paid = invoice.state == InvoiceState.PAID
    badge = Badge("good", "Paid") if is_paid else Badge("warn", "Due")
    if not is_paid and invoice.failures:
        badge = Badge("bad", "Not paid")
    return InvoiceRow(
        invoice=invoice,
        document=invoice.document,
        number=invoice.document.name,
        total=shown.money(invoice.total, invoice.currency),
        badge=badge,
        is_payable=not is_paid,
    )


def _charge(plan: Plan) -> str:
    """What whoever begins with it is told of being charged."""
    if plan.fee:
        return (
            "The fee is charged now and each month, net of tax, until you cancel. Your card is"
            " kept for it."
        )
    if plan.connection_fee or plan.minimum_spend or plan.overage == Overage.POST_PAID:
        return "What is owed is charged at the end of each month, net of tax."
    return ""


def _in_utc(subscription: Subscription) -> str:
    """Empty where the customer's own clocks are those of UTC."""
    if subscription.customer.time_zone == "UTC":
        return ""
    return f"{subscription.period_end:%-d %B %Y, %H:%M} UTC"


def _next_charge(plan: Plan) -> str:
    return shown.money(plan.fee, plan.currency) if subscribing.costs(plan) else ""


def _credits(plan: Plan) -> list[str]:
    if not plan.included_credits:
        return []
    told = [f"{shown.credits(plan.included_credits)} credits a month"]
    if plan.rollover_credits:
        kept = shown.credits(plan.rollover_credits)
        told.append(f"Up to {kept} that are left come again the next month")
    return told


def _connections(plan: Plan) -> list[str]:
    cost = []
    if plan.connection_fee:
        cost.append(shown.money(plan.connection_fee, plan.currency))
    if plan.connection_credits:
        cost.append(f"{shown.credits(plan.connection_credits)} credits")
    if not cost:
        return []
    free = plan.connections_included
    beyond = f" beyond {free}" if free else ""
    return [f"{' and '.join(cost)} a month for each connected application{beyond}"]


def _overage(plan: Plan) -> str:
    if plan.overage == Overage.POST_PAID:
        rate = f"{plan.overage_price.normalize():f} {plan.currency}"
        limit = shown.credits(plan.credit_limit)
        return f"Beyond that {rate} a credit, up to {limit} credits, invoiced each month"
    if plan.overage == Overage.TOP_UP:
        return "When credits run low, a pack is bought with your card by itself"
    return "When credits are used up, calls are refused"


def _time(plan: Plan) -> list[str]:
    told = []
    if plan.minimum_spend:
        told.append(f"{shown.money(plan.minimum_spend, plan.currency)} a month at least")
    if plan.term_months:
        months = "month" if plan.term_months == 1 else f"{plan.term_months} months"
        told.append(f"Agreed to for {'a ' if plan.term_months == 1 else ''}{months}")
    if plan.lasts_days:
        follows = f", then {plan.followed_by.name}" if plan.followed_by else ""
        told.append(f"For {shown.days(plan.lasts_days)}{follows}")
    return told


def _limits(plan: Plan) -> list[str]:
    """Its rates and caps, as the page of limits says them."""
    found = limits.read(plan.limits)
    endpoints = dict(Endpoint.objects.values_list("id", "code")) if found else {}
    return [
        f"{limits_in_words.whose(one, {}, endpoints)}: {what[0].lower()}{what[1:]}"
        for one in found
        for what in [limits_in_words.what(one)]
    ]
