"""Keys of customers who asked for it are suspended while a top-up is owed and nothing is left."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts import services
from accounts.models import Customer
from billing.models import TopUpSettings
from billing.plans import unpaid
from billing.top_up import telling
from ledger import selectors


def look_at(customer_id: UUID) -> None:
    """Suspend its keys or restore them, as it stands now; what changes is told, once."""
    with transaction.atomic():
        if is_owed(customer_id):
            if services.suspend_keys(customer_id):
                telling.keys_suspended(customer_id)
        elif not unpaid.suspends_keys(customer_id) and services.restore_keys(customer_id):
            telling.keys_resumed(customer_id)


def look_at_all() -> None:
    """Balances fall to zero, and rise again, without a payment too."""
    owing = _who_asked_for_it().values_list("customer_id", flat=True)
    suspended = Customer.objects.filter(keys_suspended_at__isnull=False)
    for customer_id in {*owing, *suspended.values_list("id", flat=True)}:
        look_at(customer_id)


def is_owed(customer_id: UUID) -> bool:
    if not is_at_the_end(customer_id):
        return False
    return selectors.balance(customer_id).available <= 0


def is_at_the_end(customer_id: UUID) -> bool:
    """Whether its keys are suspended as soon as nothing is left."""
    return _who_asked_for_it().filter(customer=customer_id).exists()


def _who_asked_for_it() -> QuerySet[TopUpSettings]:
    return TopUpSettings.objects.filter(
        enabled=True, suspend_keys=True, failing_since__isnull=False
    )
