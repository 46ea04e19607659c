"""Receipts, credit notes and invoices of plans, numbered without a gap."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Customer
from billing.models.payments import Dispute, Refund
from billing.models.plans import Invoice
from billing.models.purchases import Purchase


class DocumentKind(models.TextChoices):
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit note"
    INVOICE = "invoice"


_LETTERS: Final[dict[str, str]] = {
    DocumentKind.RECEIPT: "R",
    DocumentKind.CREDIT_NOTE: "C",
    DocumentKind.INVOICE: "I",
}


class DocumentSequence(models.Model):
    """The last number of a kind. Its row lock makes numbers one after the other."""

    kind = models.CharField(max_length=16, primary_key=True, choices=DocumentKind)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"


class Document(models.Model):
    """What stands on it is kept as it was issued."""

    kind = models.CharField(max_length=16, choices=DocumentKind)
    number = models.BigIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="documents")
    # None of an invoice.
    purchase = models.ForeignKey(
        Purchase, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, related_name="document"
    )
    refund = models.OneToOneField(
        Refund, on_delete=models.PROTECT, null=True, related_name="credit_note"
    )
    # One that was lost.
    dispute = models.ForeignKey(
        Dispute, on_delete=models.PROTECT, null=True, related_name="credit_notes"
    )
    content = models.JSONField()
    issued_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(kind="receipt"), name="document_one_receipt"
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="document_number_positive"),
            models.CheckConstraint(
                condition=Q(kind="receipt", refund__isnull=True, dispute__isnull=True)
                | Q(kind="credit note", refund__isnull=False, dispute__isnull=True)
                | Q(kind="credit note", refund__isnull=True, dispute__isnull=False)
                | Q(kind="invoice", refund__isnull=True, dispute__isnull=True),
                name="document_credit_note_is_of_what_went_back",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", invoice__isnull=False, purchase=None)
                | ~Q(kind="invoice") & Q(invoice=None, purchase__isnull=False),
                name="document_invoice_is_of_an_invoice",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{_LETTERS[self.kind]}-{self.number:06d}"
