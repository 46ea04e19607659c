"""What a payment provider calls a thing: a checkout, a payment, a refund, a dispute, an event."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Q

from billing import providers
from billing.finding.hit import Hit, of_row
from billing.models import (
    Dispute,
    Invoice,
    InvoiceCharge,
    Payment,
    PaymentMethod,
    ProviderCustomer,
    ProviderEvent,
    Purchase,
    Refund,
)

ROWS_MAX: Final = 20


def look(term: str) -> list[Hit]:
    """Every look is at one row of an index, which begins with the provider. What providers told
    leads to where nothing has the name itself."""
    found = [*_sales(term), *_charged(term), *_owners(term)]
    return found or list(_events(term))


def _called(term: str, column: str = "provider_ref") -> Q:
    return Q(("provider__in", providers.names()), (column, term))


def _sales(term: str) -> Iterator[Hit]:
    for one in Purchase.objects.filter(_called(term)).select_related("customer"):
        yield of_row(one, f"its checkout {term}", one.customer)
    for payment in Payment.objects.filter(_called(term)).select_related("purchase__customer"):
        yield of_row(payment.purchase, f"its payment {term}", payment.purchase.customer)
    related = "payment__purchase__customer"
    for refund in Refund.objects.filter(_called(term)).select_related(related):
        purchase = refund.payment.purchase
        yield of_row(purchase, f"its refund {term}", purchase.customer)
    for dispute in Dispute.objects.filter(_called(term)).select_related(related):
        purchase = dispute.payment.purchase
        yield of_row(purchase, f"its dispute {term}", purchase.customer)


def _charged(term: str) -> Iterator[Hit]:
    for one in Invoice.objects.filter(_called(term)).select_related("customer"):
        yield of_row(one, f"its payment {term}", one.customer)
    charges = InvoiceCharge.objects.filter(_called(term)).select_related("invoice__customer")
    for charge in charges[:ROWS_MAX]:
        yield of_row(charge.invoice, f"its charge {term}", charge.invoice.customer)


def _owners(term: str) -> Iterator[Hit]:
    for one in ProviderCustomer.objects.filter(_called(term, "ref")).select_related("customer"):
        yield of_row(one.customer, f"{one.provider} calls it {term}", one.customer)
    for card in PaymentMethod.objects.filter(_called(term, "ref")).select_related("customer"):
        yield of_row(card.customer, f"its card {term}", card.customer)


def _events(term: str) -> Iterator[Hit]:
    """One event, or what a thing of the provider's is about as it told: the purchase, if any."""
    for event in ProviderEvent.objects.filter(_called(term, "event_id")):
        yield of_row(event, "its id at the provider")
    for event in ProviderEvent.objects.filter(_called(term, "object_ref")).order_by("-id")[:1]:
        paid = Payment.objects.filter(provider=event.provider, provider_ref=event.payment_ref)
        bought = [one.purchase for one in paid.select_related("purchase__customer")]
        for purchase in bought:
            yield of_row(purchase, f"its {term}", purchase.customer)
        if not bought:
            yield of_row(event, f"it tells of {term}")
