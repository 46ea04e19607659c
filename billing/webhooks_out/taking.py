"""Events become deliveries: one for each endpoint that wants one of them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from billing.models import WebhookDelivery, WebhookEndpoint
from billing.webhooks_out.catalogue import TYPES
from billing.webhooks_out.messages import body
from ledger.outbox import Event

_TOLD = frozenset(one.name for one in TYPES)


def take(events: Sequence[Event]) -> None:
    """What no type is for stays inside."""
    told = [event for event in events if event.kind in _TOLD]
    endpoints = _endpoints({event.customer_id for event in told})
    WebhookDelivery.objects.bulk_create(
        (
            WebhookDelivery(endpoint=endpoint, event_id=event.id, kind=event.kind, body=body(event))
            for event in told
            for endpoint in endpoints.get(event.customer_id, ())
            if not endpoint.types or event.kind in endpoint.types
        ),
        ignore_conflicts=True,
    )


def _endpoints(customers: set[UUID]) -> dict[UUID, list[WebhookEndpoint]]:
    found: dict[UUID, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in WebhookEndpoint.objects.filter(customer__in=customers, enabled=True):
        found[endpoint.customer_id].append(endpoint)
    return found
