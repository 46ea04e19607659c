"""What came of an attempt: for its delivery, and for the endpoint."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import Member, Role
from billing import mails
from billing.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import endpoints, retries
from billing.webhooks_out.sending import Answer, Request

# Of nothing but failures.
FAILING_MAX: Final = timedelta(days=3)
GONE: Final = "It answered 410 Gone: it wants no more webhooks."
FAILED_TOO_LONG: Final = "Every delivery has failed for three days."


@transaction.atomic
def note(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, request: Request, answer: Answer
) -> None:
    WebhookAttempt.objects.create(
        delivery=delivery,
        request_headers=request.headers,
        status=answer.status,
        response_headers=answer.headers,
        response_body=answer.body,
        seconds=answer.seconds,
        error=answer.error,
    )
    if answer.is_delivered:
        _succeeded(endpoint, delivery)
    else:
        _failed(endpoint, delivery, answer)


def _succeeded(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    sent = WebhookDelivery.objects.filter(pk=delivery.pk)
    sent.update(state=DeliveryState.DELIVERED, delivered_at=Now())
    if endpoint.failures:
        endpoint.failures = 0
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None)


def _failed(endpoint: WebhookEndpoint, delivery: WebhookDelivery, answer: Answer) -> None:
    asked = retries.retry_after(answer.status, answer.headers)
    pause = retries.pause(delivery.attempts)
    is_gone = answer.status == HTTPStatus.GONE
    due = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.DUE)
    if pause is None or is_gone:
        due.update(state=DeliveryState.FAILED)
    else:
        due.update(due_at=Now() + max(pause, asked))
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", Now()),
        rests_until=Now() + max(retries.rest(endpoint.failures + 1), asked),
    )
    if is_gone:
        _give_up(endpoint, delivery, GONE)
    elif endpoint.failing_since and timezone.now() - endpoint.failing_since > FAILING_MAX:
        _give_up(endpoint, delivery, FAILED_TOO_LONG)


def _give_up(endpoint: WebhookEndpoint, delivery: WebhookDelivery, reason: str) -> None:
    """The owners are told, here by mail."""
    if not endpoints.disable(endpoint, reason):
        return
    owners = Member.objects.filter(
        customer_id=endpoint.customer_id, role=Role.OWNER, user__is_active=True
    )
    mails.write(
        "webhook disabled",
        f"{endpoint.pk} {delivery.event_id}",
        to=list(owners.order_by("id").values_list("user__email", flat=True)),
        template="webhook_disabled",
        context={
            "company": endpoint.customer.name,
            "endpoint": endpoint,
            "reason": reason,
            "page": settings.PUBLIC_URL.rstrip("/")
            + reverse("webhook-endpoint", args=[endpoint.pk]),
        },
        customer_id=endpoint.customer_id,
    )
