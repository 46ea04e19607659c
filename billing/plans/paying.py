"""An invoice is paid on the provider's page, by whoever comes to it, with a card that is kept."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from billing import events, providers
from billing.errors import BillingError
from billing.models import ChargeState, Invoice, InvoiceCharge, InvoiceState, ProviderCustomer
from billing.plans import closing, turning
from billing.plans.errors import NothingToPay
from billing.providers.base import Order


def open_page(invoice: Invoice, *, by: User, return_url: str) -> InvoiceCharge:
    """A charge, whose `url` is where to pay. The page that is open already is the same one, and any
    other is closed. One that was closed while it was made is not in state CHARGING. Raises
    NothingToPay, NoProvider, ProviderFailed."""
    for other in closing.pages_of(invoice).difference(_usable(invoice)):
        closing.close(other)
    charge = _charge_of(invoice)
    if charge.url:
        return charge
    page = providers.get(charge.provider).create_checkout(_order(invoice, charge, by, return_url))
    unopened = InvoiceCharge.objects.filter(id=charge.id, url="")
    unopened.update(url=page.url, provider_ref=page.ref)
    charge.refresh_from_db()
    if charge.state == ChargeState.GIVEN_UP:
        closing.close(charge)
    return charge


def confirm(invoice: Invoice) -> Invoice:
    """Asks the provider what became of its pages; what is not answered is told later."""
    for charge in invoice.charges.filter(state=ChargeState.CHARGING, card=None).exclude(url=""):
        assert charge.provider_ref is not None
        try:
            provider = providers.get(charge.provider)
            for fact in provider.checkout_facts(charge.provider_ref):
                events.enter(provider.name, provider.enrich(fact))
        except BillingError:
            continue
    invoice.refresh_from_db()
    return invoice


def _charge_of(invoice: Invoice) -> InvoiceCharge:
    with transaction.atomic():
        turning.locked(invoice.subscription_id)
        invoice = Invoice.objects.select_for_update().get(id=invoice.id)
        if invoice.state == InvoiceState.PAID:
            raise NothingToPay
        if invoice.charges.filter(state=ChargeState.CHARGING, card__isnull=False).exists():
            raise NothingToPay("It is being charged just now: look again in a moment.")
        if usable := _usable(invoice).first():
            return usable
        if closing.pages_of(invoice).exists():
            raise NothingToPay("A payment of it is under way: look again later.")
        provider = providers.default().name
        return InvoiceCharge.objects.create(invoice=invoice, provider=provider)


def _usable(invoice: Invoice) -> QuerySet[InvoiceCharge]:
    """For long enough to pay there."""
    since = timezone.now() - closing.OPEN_FOR + timedelta(hours=1)
    provider = providers.default().name
    return closing.pages_of(invoice).filter(provider=provider, created_at__gt=since)


def _order(invoice: Invoice, charge: InvoiceCharge, by: User, return_url: str) -> Order:
    known = ProviderCustomer.objects.filter(
        customer=invoice.customer_id, provider=charge.provider
    ).first()
    return Order(
        our_purchase=charge.name,
        description=f"{invoice.subscription.plan.name}: {invoice.document.name}",
        net=invoice.net,
        tax=invoice.tax,
        tax_name=invoice.tax_name,
        tax_by_provider=False,
        currency=invoice.currency,
        our_customer=invoice.customer_id.hex,
        customer_ref=known.ref if known else None,
        email=by.email,
        return_url=return_url,
        cancel_url=return_url,
        expires_at=charge.created_at + closing.OPEN_FOR,
        save_card=True,
    )
