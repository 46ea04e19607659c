"""Nobody has to ask for alerts: who has credits is told when half, most and all are used."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.models import HOUSE_ID, CustomerStatus
from billing.alerts.watching import watch
from billing.models import AlertBasis, AlertSettings, AlertThreshold
from ledger.models import Wallet

PERCENT_USED: Final = (50, 80, 100)
CUSTOMERS_AT_ONCE: Final = 500


def arm(customers: Collection[UUID]) -> int:
    """Those of them that have no settings yet; how many that were."""
    armed = AlertSettings.objects.filter(pk__in=customers).values_list("pk", flat=True)
    # In order, as whoever else locks several wallets does.
    return sum(_arm(customer_id) for customer_id in sorted(set(customers) - set(armed)))


def arm_all() -> int:
    """Also those of before there were alerts, and those of whose first credits no event told."""
    waiting = Wallet.objects.filter(customer__alert_settings=None).exclude(
        customer__status=CustomerStatus.CLOSED
    )
    found = waiting.exclude(customer=HOUSE_ID).order_by("pk").values_list("pk", flat=True)
    armed = 0
    while customers := list(found[:CUSTOMERS_AT_ONCE]):
        armed += sum(_arm(customer_id) for customer_id in customers)
    return armed


def _arm(customer_id: UUID) -> bool:
    with transaction.atomic():
        settings, is_new = AlertSettings.objects.get_or_create(customer_id=customer_id)
        if is_new:
            AlertThreshold.objects.bulk_create(
                AlertThreshold(settings=settings, basis=AlertBasis.PERCENT, value=used)
                for used in PERCENT_USED
            )
            watch(settings)
    return is_new
