"""Receipts, credit notes and invoices: numbered in the transaction that they document, and drawn
as PDF."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale
from django.conf import settings
from django.db import connection

from billing.models import (
    BillingProfile,
    Dispute,
    Document,
    DocumentKind,
    Invoice,
    Purchase,
    Refund,
)
from billing.shares import part_of
from ledger import amounts, money

# Taken last of all locks: whoever has a number commits next.
_NEXT = """
insert into billing_documentsequence (kind, last) values (%s, 1)
on conflict (kind) do update set last = billing_documentsequence.last + 1
returning last
"""


def issue_receipt(purchase: Purchase) -> Document:
    """Of a purchase that was paid."""
    line = _line(purchase, purchase.description, purchase.net, purchase.tax)
    line["credits"] = amounts.show(purchase.credits + purchase.bonus_credits)
    line["details"] = _issued(purchase)
    notes = [f"Paid in full on {_date(purchase.paid_at)}."]
    if purchase.tax_on_use:
        rate, line["rate"] = line["rate"] or "Tax", ""
        due = f"{_shown(purchase, purchase.tax_on_use)} {purchase.currency}"
        notes.append(f"{rate} is charged when the credits are used: {due} for all of them.")
    return _issue(DocumentKind.RECEIPT, purchase, [line], notes)


def issue_credit_note(refund: Refund) -> Document:
    purchase = refund.payment.purchase
    line = _line(purchase, f"Refund of {purchase.description}", refund.net, refund.tax)
    line["credits"] = amounts.show(refund.credits)
    if refund.credits:
        line["details"] = [f"{_number(refund.credits)} unused credits taken back"]
    notes = [f"Refunded to the means of payment on {_date(refund.settled_at)}."]
    if refund.reason:
        notes.append(f"Reason: {refund.reason}")
    lines = [line]
    if refund.fee_kept:
        lines.append(_line(purchase, "Fee kept", -refund.fee_kept, 0) | {"rate": ""})
    return _issue(DocumentKind.CREDIT_NOTE, purchase, lines, notes, refund=refund)


def issue_chargeback_note(dispute: Dispute, *, net: int, tax: int, credits: int) -> Document:
    """Of what a lost dispute reversed of the sale: its tax too, as with a refund, unless there is
    no relief for it."""
    purchase = dispute.payment.purchase
    line = _line(
        purchase, f"Chargeback of {purchase.description}", net, tax if dispute.tax_relief else 0
    )
    line["credits"] = amounts.show(credits)
    if credits:
        line["details"] = [f"{_number(credits)} unused credits taken back"]
    notes = [
        f"The payer's bank took the payment back; it was decided on {_date(dispute.closed_at)}."
    ]
    if tax and not dispute.tax_relief:
        notes.append(f"Tax of {_shown(purchase, tax)} {purchase.currency} stays due.")
    return _issue(DocumentKind.CREDIT_NOTE, purchase, [line], notes, dispute=dispute)


def issue_invoice(invoice: Invoice, lines: Sequence[tuple[str, int]]) -> Document:
    """Of a plan: what each line is for, and its net."""
    rate = ""
    if invoice.tax_name:
        rate = f"{invoice.tax_name} {invoice.tax_percent.normalize():f}\N{NO-BREAK SPACE}%"
    rows, taxed, net_so_far = [], 0, 0
    for text, net in lines:
        net_so_far += net
        tax = part_of(invoice.tax, net_so_far, invoice.net) - taxed
        taxed += tax
        amounts_of = {"net": net, "tax": tax, "total": net + tax}
        shown = {
            name: money.show(amount, invoice.currency)["amount"]
            for name, amount in amounts_of.items()
        }
        rows.append({"text": text, "details": [], "rate": rate, **shown})
    content = {
        "seller": settings.SELLER,
        "buyer": _buyer(invoice),
        "plan": invoice.subscription.plan.name,
        "currency": invoice.currency,
        "lines": rows,
        "notes": ["Charged to the saved card, unless it is paid on the plan's page before."],
        **{name: _sum(rows, name) for name in ("net", "tax", "total")},
    }
    return Document.objects.create(
        kind=DocumentKind.INVOICE,
        number=_next_number(DocumentKind.INVOICE),
        customer_id=invoice.customer_id,
        invoice=invoice,
        content=content,
    )


def pdf(document: Document) -> bytes:
    # What draws takes a third of the time that all of the service takes to load.
    from billing import pdf as rendering

    return rendering.render(document)


def _issue(
    kind: DocumentKind,
    purchase: Purchase,
    lines: list[dict[str, Any]],
    notes: list[str],
    *,
    refund: Refund | None = None,
    dispute: Dispute | None = None,
) -> Document:
    content = {
        "seller": settings.SELLER,
        "buyer": _buyer(purchase),
        "purchase": purchase.name,
        "currency": purchase.currency,
        "lines": lines,
        "notes": notes,
        **{name: _sum(lines, name) for name in ("net", "tax", "total")},
    }
    if kind == DocumentKind.CREDIT_NOTE:
        receipt = Document.objects.filter(purchase=purchase, kind=DocumentKind.RECEIPT).first()
        content["receipt"] = receipt.name if receipt else ""
    return Document.objects.create(
        kind=kind,
        number=_next_number(kind),
        customer_id=purchase.customer_id,
        purchase=purchase,
        refund=refund,
        dispute=dispute,
        content=content,
    )


def _line(purchase: Purchase, text: str, net: int, tax: int) -> dict[str, Any]:
    return {
        "text": text,
        "details": [],
        "net": _shown(purchase, net),
        "tax_name": purchase.tax_name or "Tax",
        "tax_percent": f"{purchase.tax_percent.normalize():f}",
        "rate": _rate(purchase, tax),
        "tax": _shown(purchase, tax),
        "total": _shown(purchase, net + tax),
    }


def _sum(lines: list[dict[str, Any]], name: str) -> str:
    """With the decimal places of the lines."""
    return str(sum((Decimal(line[name]) for line in lines[1:]), Decimal(lines[0][name])))


def _shown(purchase: Purchase, amount: int) -> str:
    return money.show(amount, purchase.currency)["amount"]


def _rate(purchase: Purchase, tax: int) -> str:
    """A provider says the amount only."""
    if purchase.tax_by_provider or not (tax or purchase.tax_name):
        return ""
    return f"{purchase.tax_name} {purchase.tax_percent.normalize():f}\N{NO-BREAK SPACE}%"


def _issued(purchase: Purchase) -> list[str]:
    """What credits, and until when."""
    credits = purchase.credits
    if purchase.bonus_credits and not purchase.has_own_bonus_lot:
        credits += purchase.bonus_credits
    told = [f"{_number(credits)} credits, {_until(purchase, purchase.validity_days)}"]
    if purchase.has_own_bonus_lot:
        days = purchase.bonus_validity_days or purchase.validity_days
        told.append(f"{_number(purchase.bonus_credits)} bonus credits, {_until(purchase, days)}")
    elif purchase.bonus_credits:
        told.append(f"of which {_number(purchase.bonus_credits)} are a bonus")
    return told


def _until(purchase: Purchase, days: int) -> str:
    assert purchase.paid_at is not None
    return f"valid until {_date(purchase.paid_at + timedelta(days=days))}"


def _date(instant: datetime | None) -> str:
    assert instant is not None
    return f"{instant:%d %B %Y}"


def _number(credits: int) -> str:
    return f"{Decimal(amounts.show(credits)):,}"


def _buyer(sale: Purchase | Invoice) -> dict[str, str]:
    profile = BillingProfile.objects.filter(customer_id=sale.customer_id).first()
    profile = profile or BillingProfile(customer_id=sale.customer_id)
    place = " ".join(part for part in (profile.postal_code, profile.city, profile.region) if part)
    address = [part for part in (profile.line1, profile.line2, place, _country(profile)) if part]
    return {
        "name": profile.name or sale.customer.name,
        "address": "\n".join(address),
        "tax_id": profile.tax_id,
    }


def _country(profile: BillingProfile) -> str:
    """Its name: what it was called then is what the document says."""
    return str(Locale("en").territories.get(profile.country, profile.country))


def _next_number(kind: DocumentKind) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [kind.value])
        number: int = cursor.fetchall()[0][0]
    return number
