"""An invoice is issued: its row, its entries, its paper and what is told of it, in one database
transaction. Debits and credits stand in docs/plans.md."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from billing import documents, tax
from billing.books import periods
from billing.books.cohorts import Cohort
from billing.books.rows import value
from billing.models import BillingProfile, Invoice, InvoiceKind, Subscription
from billing.plans import lines as parts
from billing.plans import telling
from billing.plans.lines import ARREARS, FEE, OVERAGE, Line
from billing.returns import leg
from billing.shares import part_of
from billing.tax import Tax
from ledger import selectors, services

# Its use is known to the last credit when it is sold: it is no measure for others.
FAMILY = "overage"


def issue(
    subscription: Subscription,
    kind: InvoiceKind,
    lines: Sequence[Line],
    *,
    fee_span: tuple[datetime, datetime] | None = None,
    credits: int = 0,
    currency: str = "",
) -> Invoice | None:
    """In the plan's currency, unless another is named. None where there is nothing to pay. Raises
    PlaceMissing."""
    net = sum(line.net for line in lines)
    if not net:
        return None
    profile = BillingProfile.objects.filter(customer=subscription.customer_id).first()
    due = tax.due(net, profile)
    now = selectors.now()
    first, until = _days(fee_span) if fee_span else (None, None)
    invoice = Invoice(
        subscription=subscription,
        customer_id=subscription.customer_id,
        kind=kind,
        period=subscription.period,
        currency=currency or subscription.plan.currency,
        fee=parts.sum_of(lines, FEE),
        arrears=parts.sum_of(lines, ARREARS),
        overage=parts.sum_of(lines, OVERAGE),
        net=net,
        tax=due.amount,
        total=net + due.amount,
        tax_name=due.name,
        tax_percent=due.percent,
        fee_from=first,
        fee_until=until,
        credits=credits,
        issued_at=now,
        due_at=now,
    )
    if not invoice.fee:
        invoice.fee_from = invoice.fee_until = None
    _enter(invoice, lines, due)
    invoice.save(force_insert=True)
    documents.issue_invoice(invoice, [(line.text, line.net) for line in lines])
    telling.invoice_created(invoice)
    return invoice


def _enter(invoice: Invoice, lines: Sequence[Line], due: Tax) -> None:
    """Overage is a lot that covers the debt: what was used of it becomes revenue as all use does.
    What the other lines owe is earned already, or day by day."""
    tax_of_overage = part_of(due.amount, invoice.overage, invoice.net)
    if invoice.overage:
        used = sum(line.credits for line in lines)
        invoice.lot = _sell(invoice, used, tax_of_overage)
    currency = invoice.currency
    money = [
        leg(currency, "1100", "2120", invoice.fee),
        leg(currency, "1100", "4110", invoice.arrears),
        leg(currency, "1100", "2200", due.amount - tax_of_overage),
    ]
    if any(one.amount for one in money):
        services.post(
            invoice.customer_id,
            kind="invoice",
            money=money,
            document=invoice.name,
            key=f"invoice {invoice.name}",
        )


def _sell(invoice: Invoice, credits: int, tax_amount: int) -> UUID | None:
    currency = invoice.currency
    month = periods.today().replace(day=1)
    result = services.grant(
        invoice.customer_id,
        amount=credits,
        kind="paid",
        # It is used up at once: what is owed comes first.
        priority=0,
        price=invoice.overage,
        tax=tax_amount,
        currency=currency,
        money=[
            leg(currency, "1100", "2100", invoice.overage),
            leg(currency, "1100", "2200", tax_amount),
        ],
        cohort=Cohort(month, currency, FAMILY).name,
        document=invoice.name,
        reason="Used beyond what was included",
        key=f"overage {invoice.name}",
    )
    return result.lot_id


def _days(span: tuple[datetime, datetime]) -> tuple[date, date]:
    """Of the provider's books; one at least."""
    first: date = value("select ledger_day(%(at)s)", {"at": span[0]})
    until: date = value("select ledger_day(%(at)s)", {"at": span[1]})
    return first, max(until, date.fromordinal(first.toordinal() + 1))
