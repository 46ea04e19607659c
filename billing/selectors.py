"""What pages and calls read."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from moneyed import Money

from accounts.models import Customer
from billing.models import (
    BillingProfile,
    Document,
    Pack,
    PackPrice,
    PaymentMethod,
    Purchase,
)
from ledger import selectors


class PackOnSale(NamedTuple):
    """`price` is net of tax."""

    pack: Pack
    price: Money


def packs_on_sale(customer: Customer) -> QuerySet[Pack]:
    """Everybody's, and the offers for this customer."""
    now = selectors.now()
    found = Pack.objects.filter(Q(customer=None) | Q(customer=customer), active_from__lte=now)
    return found.filter(Q(active_until=None) | Q(active_until__gt=now))


def packs_for(customer: Customer, currency: str) -> list[PackOnSale]:
    """The cheapest first."""
    prices = PackPrice.objects.filter(pack__in=packs_on_sale(customer), price_currency=currency)
    found = prices.select_related("pack").order_by("price", "pack__code")
    return [PackOnSale(one.pack, one.price) for one in found]


def currencies_for(customer: Customer) -> list[str]:
    prices = PackPrice.objects.filter(pack__in=packs_on_sale(customer))
    return list(
        prices.order_by("price_currency").values_list("price_currency", flat=True).distinct()
    )


def purchases_of(customer: Customer) -> QuerySet[Purchase]:
    """The last first, with payments, refunds, disputes and documents at hand."""
    found = Purchase.objects.filter(customer=customer).select_related("payment", "made_by")
    related = ("payment__refunds", "payment__disputes")
    documents = Prefetch("documents", Document.objects.order_by("issued_at", "id"))
    return found.prefetch_related(*related, documents).order_by("-created_at", "-id")


def purchase_of(customer: Customer, id: UUID) -> Purchase | None:
    """Another customer's is none."""
    return purchases_of(customer).filter(id=id).first()


def document_of(customer: Customer, kind: str, number: int) -> Document | None:
    return Document.objects.filter(customer=customer, kind=kind, number=number).first()


def profile_of(customer: Customer) -> BillingProfile:
    """As it is, or an empty one."""
    found = BillingProfile.objects.filter(customer=customer).first()
    return found or BillingProfile(customer=customer, name=customer.name)


def payment_methods_of(customer: Customer) -> QuerySet[PaymentMethod]:
    return PaymentMethod.objects.filter(customer=customer, removed_at=None).order_by("-created_at")
