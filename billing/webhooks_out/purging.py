"""The log is for looking into what went wrong, and not for ever."""

from datetime import datetime
from typing import Final

from django.db import transaction

from billing.models import DeliveryState, WebhookAttempt, WebhookDelivery

BATCH: Final = 1000


def purge(before: datetime) -> int:
    """Deliveries of before, with their attempts, but for those that are due; how many."""
    old = WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=DeliveryState.DUE)
    purged = 0
    while some := list(old.order_by("id").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            WebhookAttempt.objects.filter(delivery__in=some).delete()
            WebhookDelivery.objects.filter(pk__in=some).delete()
        purged += len(some)
    return purged
