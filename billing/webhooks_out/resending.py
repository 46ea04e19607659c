"""What was sent is sent again: one, or all of some time. And a test, which tells of nothing."""

from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.ids import uuid7
from billing.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out.catalogue import TEST
from billing.webhooks_out.messages import body
from ledger import outbox
from ledger.outbox import Event


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    event = Event(endpoint.customer_id, uuid7(), TEST.name, None, dict(TEST.data), timezone.now())
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_id=event.id, kind=event.kind, body=body(event)
    )
    outbox.wake_after_commit()
    return delivery


def resend(deliveries: QuerySet[WebhookDelivery]) -> int:
    """From now on as if each were new, but with its old id; how many. What is due anyway is not
    among them, nor is what belongs to a disabled endpoint."""
    wanted = deliveries.filter(endpoint__enabled=True).exclude(state=DeliveryState.DUE)
    resent = wanted.update(state=DeliveryState.DUE, attempts=0, due_at=Now(), delivered_at=None)
    outbox.wake_after_commit()
    return resent


def between(
    endpoint: WebhookEndpoint, since: datetime, until: datetime, *, undelivered_only: bool
) -> QuerySet[WebhookDelivery]:
    """Those whose events were taken then, and that are not due anyway."""
    found = endpoint.deliveries.filter(created_at__gte=since, created_at__lt=until)
    found = found.exclude(state=DeliveryState.DUE)
    return found.exclude(state=DeliveryState.DELIVERED) if undelivered_only else found
