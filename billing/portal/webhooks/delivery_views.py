"""What was sent to an endpoint, and what came back; once more, where that is wanted."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import RIGHTS, WHOSE, Right
from accounts.portal import MemberRequest, for_members
from billing.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from billing.portal import fragments, paged
from billing.portal.webhooks.forms import LogForm, RangeForm
from billing.portal.webhooks.views import endpoint_or_404
from billing.webhooks_out import resending
from billing.webhooks_out.catalogue import OF_PURCHASES
from billing.webhooks_out.retries import ATTEMPTS_MAX

TONES = {
    DeliveryState.DUE: "accent",
    DeliveryState.DELIVERED: "good",
    DeliveryState.FAILED: "bad",
    DeliveryState.SKIPPED: "",
}
# A page looks again by itself until nothing is due any more: often where that comes soon.
SOON = timedelta(minutes=1)
LOOK_SECONDS, LOOK_SECONDS_LATER = 2, 20
DISABLED = "This endpoint is disabled: enable it first."
NOT_YOURS = f"It tells of a purchase, which is for {WHOSE[Right.BUY]}: ask an owner."


@require_GET
@for_members(Right.KEYS)
def log(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = endpoint_or_404(request, endpoint_id)
    form = LogForm(request.GET or None)
    found = _filtered(endpoint, form)
    page = paged.page(found, request.GET)
    told = {
        "endpoint": endpoint,
        "form": form if form.is_bound else LogForm(),
        "page": page,
        "filter": urlencode([(k, v) for k, v in request.GET.items() if k in form.fields and v]),
        "rows": [{"delivery": one, "tone": TONES[DeliveryState(one.state)]} for one in page.rows],
        "range": RangeForm(initial=_last_days(), auto_id="again_%s"),
    }
    return render(request, "billing/webhook.html", told)


@require_GET
@fragments.for_signed_in
@for_members(Right.KEYS)
def delivery(request: MemberRequest, endpoint_id: UUID, delivery_id: int) -> HttpResponse:
    """The page asks for itself again, with what it shows: nothing comes while that is so."""
    endpoint = endpoint_or_404(request, endpoint_id)
    found = _delivery_or_404(endpoint, delivery_id)
    is_late = found.due_at <= timezone.now()
    seen = f"{found.state} {found.attempts} {found.due_at.timestamp()} {is_late}"
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    is_soon = found.due_at < timezone.now() + SOON
    told = {
        "seen": seen,
        "is_late": is_late,
        "look_seconds": LOOK_SECONDS if is_soon else LOOK_SECONDS_LATER,
        "endpoint": endpoint,
        "delivery": found,
        "tone": TONES[DeliveryState(found.state)],
        "body": msgspec.json.format(found.body, indent=2),
        "not_yours": "" if _may_read(request, found) else NOT_YOURS,
        "attempts": found.log.order_by("-id"),
        "most": ATTEMPTS_MAX,
    }
    return render(request, "billing/webhook_delivery.html", told)


@require_POST
@for_members(Right.KEYS)
def test(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = endpoint_or_404(request, endpoint_id)
    if not endpoint.enabled:
        messages.error(request, DISABLED)
        return redirect("webhook-endpoint", endpoint.id)
    sent = resending.send_test(endpoint)
    return redirect("webhook-delivery", endpoint.id, sent.id)


@require_POST
@for_members(Right.KEYS)
def resend_one(request: MemberRequest, endpoint_id: UUID, delivery_id: int) -> HttpResponse:
    endpoint = endpoint_or_404(request, endpoint_id)
    found = _delivery_or_404(endpoint, delivery_id)
    if not endpoint.enabled:
        messages.error(request, DISABLED)
    elif not _may_read(request, found):
        messages.error(request, NOT_YOURS)
    elif resending.resend(WebhookDelivery.objects.filter(pk=found.pk)):
        messages.success(request, "It is sent again.")
    else:
        messages.info(request, "It is on its way already.")
    return redirect("webhook-delivery", endpoint.id, found.id)


@for_members(Right.KEYS)
def resend(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """How many it would be, first; then the same form, sent."""
    endpoint = endpoint_or_404(request, endpoint_id)
    form = RangeForm(request.POST if request.method == "POST" else request.GET)
    found = _in_range(request, endpoint, form) if form.is_valid() else None
    if request.method == "POST" and found is not None and endpoint.enabled:
        messages.success(request, _resent(resending.resend(found)))
        return redirect("webhook-endpoint", endpoint.id)
    told = {
        "endpoint": endpoint,
        "form": form,
        "number": None if found is None else found.count(),
        "disabled": "" if endpoint.enabled else DISABLED,
    }
    return render(request, "billing/webhook_resend.html", told)


def _filtered(endpoint: WebhookEndpoint, form: LogForm) -> QuerySet[WebhookDelivery]:
    form.is_valid()
    wanted: dict[str, Any] = getattr(form, "cleaned_data", {})
    found = endpoint.deliveries.order_by("-id")
    for field in ("state", "kind"):
        if wanted.get(field):
            found = found.filter(**{field: wanted[field]})
    if wanted.get("since"):
        found = found.filter(created_at__gte=_midnight(wanted["since"]))
    if wanted.get("until"):
        found = found.filter(created_at__lt=_midnight(wanted["until"]) + timedelta(days=1))
    return found


def _in_range(
    request: MemberRequest, endpoint: WebhookEndpoint, form: RangeForm
) -> QuerySet[WebhookDelivery]:
    """Without what this member may not read."""
    wanted = form.cleaned_data
    found = resending.between(
        endpoint, wanted["since"], wanted["until"], undelivered_only=not wanted["every"]
    )
    return found if _is_buyer(request) else found.exclude(kind__in=OF_PURCHASES)


def _may_read(request: MemberRequest, delivery: WebhookDelivery) -> bool:
    return delivery.kind not in OF_PURCHASES or _is_buyer(request)


def _is_buyer(request: MemberRequest) -> bool:
    return Right.BUY in RIGHTS[request.member.role]


def _delivery_or_404(endpoint: WebhookEndpoint, delivery_id: int) -> WebhookDelivery:
    return get_object_or_404(endpoint.deliveries, id=delivery_id)


def _resent(number: int) -> str:
    return (
        "One delivery is sent again." if number == 1 else f"{number:,} deliveries are sent again."
    )


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


def _last_days() -> dict[str, datetime]:
    now = timezone.now()
    return {"since": now - timedelta(days=3), "until": now + timedelta(minutes=1)}
