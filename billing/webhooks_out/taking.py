"""Events become deliveries: one for each endpoint that wants one of them. Those for a disabled one
are kept as skipped, so that what it missed can be sent again."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from billing.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out.catalogue import TYPES
from billing.webhooks_out.messages import body
from ledger.outbox import Event

_TOLD = frozenset(one.name for one in TYPES)


def take(events: Sequence[Event]) -> None:
    """What no type is for stays inside."""
    told = [event for event in events if _is_told(event)]
    endpoints = _endpoints({event.customer_id for event in told})
    WebhookDelivery.objects.bulk_create(
        (
            WebhookDelivery(
                endpoint=endpoint,
                event_id=event.id,
                kind=event.kind,
                body=body(event, is_test=endpoint.customer.sandbox_of_id is not None),
                state=DeliveryState.DUE if endpoint.enabled else DeliveryState.SKIPPED,
            )
            for event in told
            for endpoint in endpoints.get(event.customer_id, ())
            if not endpoint.types or event.kind in endpoint.types
        ),
        ignore_conflicts=True,
    )


def _is_told(event: Event) -> bool:
    """Where automatic top-up begins is no threshold that anybody watches: that it is left behind
    again says nothing."""
    is_recovery = event.kind == "balance.recovered"
    return event.kind in _TOLD and not (is_recovery and event.data.get("purpose") == "top_up")


def _endpoints(customers: set[UUID]) -> dict[UUID, list[WebhookEndpoint]]:
    found: dict[UUID, list[WebhookEndpoint]] = defaultdict(list)
    wanted = WebhookEndpoint.objects.filter(customer__in=customers, removed_at=None)
    for endpoint in wanted.select_related("customer"):
        found[endpoint.customer_id].append(endpoint)
    return found
