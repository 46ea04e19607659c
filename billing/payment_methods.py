"""Cards that customers let a provider keep: to be paid with, and to be forgotten."""

from contextlib import suppress

from django.db import transaction
from django.db.models.functions import Now

from billing import announced, events, providers
from billing.errors import ProviderDeclined
from billing.models import PaymentMethod, Purchase, PurchaseState
from billing.providers.base import Charge


def pay(purchase: Purchase, method: PaymentMethod) -> Purchase:
    """Charge a saved card for a pending purchase, without the payer. Asked again, it is one charge.

    Raises ProviderDeclined, and CardDeclined of that, after which the purchase has failed;
    ProviderFailed, after which the same may be asked again. What is still pending then, an event or
    the reconciliation decides.
    """
    provider = providers.get(purchase.provider)
    try:
        paid = provider.charge_saved(_charge(purchase, method))
    except ProviderDeclined as declined:
        _fail(purchase, declined.detail)
        raise
    if paid is not None:
        events.enter(provider.name, provider.enrich(paid))
    purchase.refresh_from_db()
    return purchase


def remove(method: PaymentMethod) -> None:
    """Forgotten at the provider first. Raises ProviderFailed, after which it is still there."""
    if method.removed_at is not None:
        return
    with suppress(ProviderDeclined):  # It is not there any more.
        providers.get(method.provider).forget_card(method.ref)
    PaymentMethod.objects.filter(id=method.id).update(removed_at=Now())
    method.refresh_from_db()


def _fail(purchase: Purchase, reason: str) -> None:
    pending = Purchase.objects.filter(id=purchase.id, state=PurchaseState.PENDING)
    with transaction.atomic():
        if pending.update(state=PurchaseState.FAILED, reason=reason):
            purchase.refresh_from_db()
            announced.of_purchase(purchase, "purchase.failed")


def _charge(purchase: Purchase, method: PaymentMethod) -> Charge:
    assert method.customer_id == purchase.customer_id and method.removed_at is None
    return Charge(
        our_purchase=purchase.name,
        description=purchase.description,
        amount=purchase.total,
        currency=purchase.currency,
        customer_ref=method.customer_ref,
        card_ref=method.ref,
    )
