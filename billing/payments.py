"""The return page asks here; it takes the same way as an event."""

from billing import events, providers
from billing.errors import ProviderFailed
from billing.models import Purchase, PurchaseState


def confirm(purchase: Purchase) -> Purchase:
    """Asks the provider what became of it and enters that. Raises ProviderFailed."""
    if purchase.state != PurchaseState.PAID and purchase.provider_ref:
        provider = providers.get(purchase.provider)
        for fact in provider.checkout_facts(purchase.provider_ref):
            events.enter(provider.name, provider.enrich(fact))
    purchase.refresh_from_db()
    return purchase


def confirm_if_possible(purchase: Purchase) -> Purchase:
    """For pages, which show what is known when the provider does not answer."""
    try:
        return confirm(purchase)
    except ProviderFailed:
        purchase.refresh_from_db()
        return purchase
