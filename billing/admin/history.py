"""What the ledger does not know of its own history: what was bought, and the books of the month."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from billing.models import Invoice, Purchase
from billing.models.plans import INVOICE
from billing.models.purchases import PURCHASE
from ledger import money
from ledger.admin import shown
from ledger.admin.transactions import TransactionAdmin
from ledger.admin.transfers import TransferAdmin
from ledger.models import Transaction, Transfer

PAGES = {PURCHASE: Purchase, INVOICE: Invoice}


def document(name: str | None) -> SafeString:
    """A purchase and an invoice have pages of their own."""
    prefix = (name or "").partition("_")[0]
    try:
        id: UUID = ids.decode(prefix, name or "")
        model = PAGES[prefix]
    except (InvalidId, KeyError):
        return shown.document(name)
    return shown.link(reverse(f"admin:billing_{model._meta.model_name}_change", args=[id]), name)


def months(legs: Sequence[Any]) -> list[SafeString]:
    """Of the books, in which its money stands."""
    booked = [leg for leg in legs if leg.unit != money.CREDITS]
    found = {leg.booked_on.replace(day=1) for leg in booked}
    return [link for month in sorted(found) for link in _of_month(f"{month:%Y-%m}")]


def _of_month(month: str) -> list[SafeString]:
    report = reverse("admin:billing_report_page", args=[month, "trial-balance"])
    return [
        shown.link(reverse("admin:billing_period_change", args=[month]), f"Books of {month}"),
        shown.link(report, f"Trial balance of {month}"),
        shown.listed("transfer", f"All entries of {month}", month=month),
    ]


admin.site.unregister(Transaction)
admin.site.unregister(Transfer)


@admin.register(Transaction)
class BookedTransactionAdmin(TransactionAdmin):
    def links(self, transaction: Transaction, legs: Sequence[Any]) -> list[SafeString]:
        return [*super().links(transaction, legs), *months(legs)]

    @admin.display(description="document")
    def source(self, transaction: Transaction) -> SafeString:
        return document(transaction.document)


@admin.register(Transfer)
class DocumentedTransferAdmin(TransferAdmin):
    @admin.display(description="document")
    def source(self, transfer: Transfer) -> SafeString:
        return document(transfer.document)
