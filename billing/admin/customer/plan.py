"""The plan that the customer is on, and the invoices of it that are not paid."""

from typing import Final

from billing.admin import shown as billing_shown
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, whole_list
from billing.models import Invoice, InvoiceState, Subscription
from billing.plans import subscribing
from ledger.admin import shown

COLUMNS: Final = ("Plan or invoice", "State", "Since", "Until", "#Total")


def section(looked: Looked) -> Section:
    subscription = subscribing.of(looked.customer)
    unpaid = Invoice.objects.filter(customer=looked.customer).exclude(state=InvoiceState.PAID)
    unpaid = unpaid.select_related("document").order_by("-id")
    rows = [_plan(subscription)] if subscription else []
    rows += [_invoice(one) for one in unpaid[:ROWS_MAX]]
    return Section(
        "Plan",
        COLUMNS,
        rows,
        none="It is on no plan.",
        all=whole_list(looked, "billing_subscription"),
    )


def _plan(one: Subscription) -> list[object]:
    state = f"ends {at(one.ends_at)}" if one.ends_at else one.state
    return [
        shown.link(billing_shown.page(one), str(one.plan)),
        badge(state, "warn" if one.ends_at else "good"),
        at(one.period_start),
        at(one.period_end),
        billing_shown.in_words(one.plan.fee, one.plan.currency),
    ]


def _invoice(one: Invoice) -> list[object]:
    return [
        shown.link(billing_shown.page(one), one.document.name),
        badge(f"invoice {one.state}", "bad" if one.failures else "warn"),
        at(one.issued_at),
        at(one.due_at),
        billing_shown.in_words(one.total, one.currency),
    ]
