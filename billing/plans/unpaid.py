"""Invoices that are not paid, and what waits for them."""

from uuid import UUID

from django.db.models import QuerySet

from billing.models import Invoice, InvoiceKind, InvoiceState, OnFailure, Subscription


def of(subscription: Subscription) -> QuerySet[Invoice]:
    """The oldest first."""
    unpaid = Invoice.objects.filter(subscription=subscription)
    return unpaid.exclude(state=InvoiceState.PAID).order_by("id")


def is_opened(subscription: Subscription) -> bool:
    """Whoever has never paid gets neither credits nor a credit limit."""
    first = Invoice.objects.filter(subscription=subscription, kind=InvoiceKind.PERIOD, period=1)
    return not first.exclude(state=InvoiceState.PAID).exists()


def is_refused(customer_id: UUID) -> bool:
    """Whether a charge of an invoice failed, and nobody has paid it since."""
    failed = Invoice.objects.filter(customer=customer_id, failures__gt=0)
    return failed.exclude(state=InvoiceState.PAID).exists()


def suspends_keys(customer_id: UUID) -> bool:
    """Whether an invoice was given up whose plan lets nobody call until it is paid."""
    failed = Invoice.objects.filter(customer=customer_id, state=InvoiceState.FAILED)
    return failed.filter(subscription__plan__on_failure=OnFailure.SUSPEND_KEYS).exists()
