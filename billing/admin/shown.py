"""How staff's pages write money and what belongs together."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.models import Document, Purchase
from ledger import money as ledger_money
from ledger.admin import shown


def money(amount: int, currency: str) -> SafeString:
    return format_html('<span class="amount">{}</span>', in_words(amount, currency))


def in_words(amount: int, currency: str) -> str:
    """For messages and cells of their own."""
    return f"{plain(amount, currency)} {currency}"


def plain(amount: int, currency: str) -> str:
    return shown.grouped(ledger_money.show_unit(amount, currency))


def purchase(purchase: Purchase) -> SafeString:
    return shown.link(page(purchase), purchase.name)


def document(document: Document) -> SafeString:
    return shown.link(reverse("admin:billing_document_pdf", args=[document.pk]), document.name)


def page(row: Any) -> str:
    return reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
