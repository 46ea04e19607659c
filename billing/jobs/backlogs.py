"""What waits to be handed on or sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, DurationField, ExpressionWrapper, Min, QuerySet
from django.db.models.functions import Now

from billing.models import DeliveryState, Mail, MailState, NoticeCall, WebhookDelivery
from ledger import outbox, usage_events


class Backlog(NamedTuple):
    """`age` is for how long the oldest should have been gone."""

    name: str
    title: str
    number: int
    age: timedelta


def every() -> Iterator[Backlog]:
    events = outbox.backlog()
    yield Backlog("outbox_events", "Events to hand on", events.events, events.age)
    yield _due("mails_due", "Mails to send", Mail.objects.filter(state=MailState.DUE))
    waiting = usage_events.waiting()
    yield Backlog("usage_events_refused", "Usage events to decide on", waiting.events, waiting.age)
    webhooks = WebhookDelivery.objects.filter(state=DeliveryState.DUE)
    yield _due("webhooks_due", "Webhooks to send", webhooks)
    calls = NoticeCall.objects.filter(due_at__isnull=False)
    yield _due("operator_calls_due", "Calls of operators' webhook", calls)


def _due(name: str, title: str, rows: QuerySet[Any]) -> Backlog:
    late = ExpressionWrapper(Now() - Min("due_at"), output_field=DurationField())
    found = rows.aggregate(number=Count("pk"), late=late)
    return Backlog(name, title, found["number"], max(found["late"] or timedelta(0), timedelta(0)))
