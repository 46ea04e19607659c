"""What providers say: events, stored under their ids and applied once; and answers to questions."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing import providers
from billing.applying import decide, retrying, serialise
from billing.errors import ProviderFailed, WebhookRefused
from billing.facts import Fact
from billing.models import EventState, ProviderEvent
from billing.operators import refused, refused_reports
from billing.outcomes import Outcome
from billing.providers.base import Event, Provider

logger = logging.getLogger(__name__)

# What is raised where JSON is not as it was expected.
NO_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
OPEN = (EventState.RECEIVED, EventState.PARKED)
# What others sell on the same account is told to us too, and what it waits for never comes.
WAITS_FOR = timedelta(days=30)
BATCH = 500
NAME_MAX, KIND_MAX = 255, 100
_IGNORED = Outcome(EventState.IGNORED, "This kind means nothing here.")
_MALFORMED = Outcome(EventState.REFUSED, "The event has not the form that its kind has.")


def receive(provider_name: str, body: bytes, headers: Mapping[str, str]) -> EventState:
    """What became of the event. Raises UnknownProvider, WebhookRefused."""
    provider = providers.get(provider_name)
    try:
        event = _read(provider, body, headers)
    except WebhookRefused:
        refused_reports.count(provider_name, is_signed=bool(headers.get(provider.signature)))
        raise
    _store(provider_name, event)
    refused_reports.forget(provider_name)
    return process(provider_name, event.id)


def process(provider_name: str, event_id: str) -> EventState:
    """Apply an event that was stored, unless it was before, and what has waited for it."""
    row = ProviderEvent.objects.get(provider=provider_name, event_id=event_id)
    state = _process(row)
    if state == EventState.APPLIED:
        _unpark(provider_name, row.payment_ref)
    return state


def enter(provider_name: str, fact: Fact) -> Outcome:
    """For what was asked for. It is applied as if an event had told it."""
    outcome = _enter(provider_name, fact)
    if outcome.state == EventState.APPLIED:
        _unpark(provider_name, fact.payment_ref)
    return outcome


def process_open() -> int:
    """Those whose process ended before they were decided, and those that have not waited for too
    long. How many are decided now."""
    rows = _of_our_providers(EventState.RECEIVED) | _of_our_providers(EventState.PARKED).filter(
        received_at__gte=timezone.now() - WAITS_FOR
    )
    return sum(process(*names) not in OPEN for names in _in_batches(rows))


def refused_since(instant: datetime) -> int:
    """Money that does not fit what was sold: somebody must look."""
    return _of_our_providers(EventState.REFUSED).filter(decided_at__gte=instant).count()


def waiting() -> int:
    """Those that are parked, however long."""
    return _of_our_providers(EventState.PARKED).count()


def waiting_in_vain() -> int:
    """Those that are parked and not tried again: whoever knows more may do so, one by one."""
    return (
        _of_our_providers(EventState.PARKED)
        .filter(received_at__lt=timezone.now() - WAITS_FOR)
        .count()
    )


def try_again(row: ProviderEvent) -> EventState:
    """One that was parked or refused: something else may have been put right since."""
    refused = ProviderEvent.objects.filter(id=row.id, state=EventState.REFUSED)
    refused.update(state=EventState.RECEIVED, reason="")
    return process(row.provider, row.event_id)


def _of_our_providers(state: EventState) -> QuerySet[ProviderEvent]:
    return ProviderEvent.objects.filter(state=state, provider__in=settings.PAYMENT_PROVIDERS)


def _in_batches(rows: QuerySet[ProviderEvent]) -> Iterator[tuple[str, str]]:
    """As they came in. One that waits for a later one is taken up with that."""
    after = 0
    names = rows.order_by("id").values_list("id", "provider", "event_id")
    while batch := list(names.filter(id__gt=after)[:BATCH]):
        yield from ((provider, event_id) for _, provider, event_id in batch)
        after = batch[-1][0]


def _unpark(provider_name: str, payment_ref: str) -> None:
    """Each by itself. One that is applied may be what another waits for."""
    parked = ProviderEvent.objects.filter(
        provider=provider_name, payment_ref=payment_ref, state=EventState.PARKED
    )
    again = bool(payment_ref)
    while again:
        again = EventState.APPLIED in [_process(row) for row in parked.order_by("id")]


def _read(provider: Provider, body: bytes, headers: Mapping[str, str]) -> Event:
    try:
        event = provider.read_event(body, headers)
        # As RFC 8259 has it, which is what the database stores.
        msgspec.json.decode(body)
    except NO_FORM as error:
        raise WebhookRefused("The body is no event.") from error
    _check(event, body)
    return event


def _check(event: Event, body: bytes) -> None:
    """What no column takes."""
    names = (event.id, event.kind, event.object_ref, event.payment_ref)
    if (
        not all(isinstance(name, str) and len(name) <= NAME_MAX for name in names)
        or not 0 < len(event.kind) <= KIND_MAX
        or not event.id
        or b"\\u0000" in body
    ):
        raise WebhookRefused("The body is no event.")


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
    return _decide(row, _meaning(providers.get(row.provider), row))


def _meaning(provider: Provider, row: ProviderEvent) -> Fact | Outcome:
    """What the event says, or why that is nothing."""
    try:
        fact = provider.fact(row.payload)
        if fact is None:
            return _IGNORED
        # With the types that it says.
        fact = msgspec.convert(tuple(fact), type(fact))
    except NO_FORM:
        return _MALFORMED
    # What is missing, the reconciliation finds.
    with suppress(ProviderFailed):
        fact = provider.enrich(fact)
    return fact


@retrying
def _decide(row: ProviderEvent, said: Fact | Outcome) -> EventState:
    with transaction.atomic():
        serialise(row.provider, row.payment_ref)
        locked = ProviderEvent.objects.select_for_update().get(id=row.id)
        if locked.state not in OPEN:
            return EventState(locked.state)
        is_asked_again = locked.state == EventState.RECEIVED and locked.decided_at is not None
        outcome = said if isinstance(said, Outcome) else decide(row.provider, said)
        locked.state, locked.reason = outcome.state, outcome.reason
        locked.decided_at = timezone.now()
        locked.save(update_fields=["state", "reason", "decided_at"])
        # Whoever lets one be tried again sees what comes of it.
        if outcome.state == EventState.REFUSED and not is_asked_again:
            refused.tell(locked)
    if outcome.state == EventState.REFUSED:
        logger.warning("refused %s event %s: %s", row.provider, row.event_id, outcome.reason)
    return outcome.state


@retrying
def _enter(provider: str, fact: Fact) -> Outcome:
    with transaction.atomic():
        serialise(provider, fact.payment_ref)
        return decide(provider, fact)
