"""Who paid, and with which card, as far as the provider may keep it."""

from uuid import UUID

from billing.facts import Paid
from billing.models import PaymentMethod, ProviderCustomer


def keep(customer_id: UUID, provider: str, fact: Paid) -> None:
    if fact.customer_ref:
        ProviderCustomer.objects.bulk_create(
            [ProviderCustomer(customer_id=customer_id, provider=provider, ref=fact.customer_ref)],
            ignore_conflicts=True,
        )
    if fact.card and fact.customer_ref:
        method = PaymentMethod(
            customer_id=customer_id,
            provider=provider,
            customer_ref=fact.customer_ref,
            **fact.card._asdict(),
        )
        # One that was removed and is given again is there again.
        PaymentMethod.objects.bulk_create(
            [method],
            update_conflicts=True,
            unique_fields=["provider", "ref"],
            update_fields=["removed_at"],
        )
