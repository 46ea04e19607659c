"""Webhooks in: stored under the provider's id of the event, then applied once."""

from collections.abc import Mapping
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from billing import providers
from billing.applying import decide, retrying, serialise
from billing.errors import ProviderFailed
from billing.facts import Fact
from billing.models import EventState, ProviderEvent
from billing.outcomes import Outcome
from billing.providers.base import Event

OPEN = (EventState.RECEIVED, EventState.PARKED)


def receive(provider_name: str, body: bytes, headers: Mapping[str, str]) -> EventState:
    """What became of the event. Raises UnknownProvider, WebhookRefused."""
    provider = providers.get(provider_name)
    event = provider.read_event(body, headers)
    _store(provider_name, event)
    return process(provider_name, event.id)


def process(provider_name: str, event_id: str) -> EventState:
    """Apply an event that was stored, unless it was before, and what has waited for it."""
    row = ProviderEvent.objects.get(provider=provider_name, event_id=event_id)
    state = _process(row)
    if state == EventState.APPLIED:
        unpark(provider_name, row.payment_ref)
    return state


def unpark(provider_name: str, payment_ref: str) -> None:
    """Each by itself. One that is applied may be what another waits for."""
    parked = ProviderEvent.objects.filter(
        provider=provider_name, payment_ref=payment_ref, state=EventState.PARKED
    )
    again = bool(payment_ref)
    while again:
        again = EventState.APPLIED in [_process(row) for row in parked.order_by("id")]


def process_open() -> int:
    """Those whose process ended before they were decided, and those that wait. How many are
    decided now."""
    rows = ProviderEvent.objects.filter(state__in=OPEN).order_by("happened_at", "id")
    known = list(rows.values_list("provider", "event_id"))
    return sum(process(*names) not in OPEN for names in known)


@retrying
def _store(provider: str, event: Event) -> None:
    row = ProviderEvent(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        object_ref=event.object_ref,
        payment_ref=event.payment_ref,
        payload=event.payload,
        happened_at=event.happened_at,
    )
    ProviderEvent.objects.bulk_create([row], ignore_conflicts=True)


def _process(row: ProviderEvent) -> EventState:
    if row.state not in OPEN:
        return EventState(row.state)
    provider = providers.get(row.provider)
    fact = provider.fact(row.payload)
    if fact is not None:
        # What is missing, the reconciliation finds.
        with suppress(ProviderFailed):
            fact = provider.enrich(fact)
    return _decide(row, fact)


@retrying
def _decide(row: ProviderEvent, fact: Fact | None) -> EventState:
    with transaction.atomic():
        serialise(row.provider, row.payment_ref)
        locked = ProviderEvent.objects.select_for_update().get(id=row.id)
        if locked.state not in OPEN:
            return EventState(locked.state)
        ignored = Outcome(EventState.IGNORED, "This kind means nothing here.")
        outcome = decide(row.provider, fact) if fact is not None else ignored
        locked.state, locked.reason = outcome
        locked.decided_at = timezone.now()
        locked.save(update_fields=["state", "reason", "decided_at"])
    return outcome.state
