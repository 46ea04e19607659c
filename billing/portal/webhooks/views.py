"""The webhook endpoints of a company."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.ids import uuid7
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing.errors import BillingError, WebhookAddressRefused
from billing.models import WebhookEndpoint
from billing.portal.webhooks.forms import EndpointForm, NewEndpointForm
from billing.webhooks_out import endpoints as service
from billing.webhooks_out.catalogue import TEST, TYPES
from billing.webhooks_out.endpoints import ENDPOINTS_MAX, NewSecret
from billing.webhooks_out.messages import example

MADE = (
    "This endpoint is added already, and its secret was shown once. Where you did not see it,"
    " rotate it."
)


@for_members(Right.KEYS)
def endpoints(request: MemberRequest) -> HttpResponse:
    """The list. A new secret is in the answer to the form that made it, and in no other."""
    form, made = NewEndpointForm(request.POST or None, initial={"key": uuid7()}), None
    if request.method == "POST" and form.is_valid():
        made = _add(request, form)
        if made is not None:
            form = NewEndpointForm(initial={"key": uuid7()})
        elif not form.errors:
            messages.warning(request, MADE)
            return redirect("webhooks")
    found = list(service.of(request.member.customer))
    told = {
        "form": form,
        "made": made,
        "endpoints": found,
        "is_full": len(found) >= ENDPOINTS_MAX,
    }
    return render(request, "billing/webhooks.html", told)


@require_GET
@for_members(Right.KEYS)
def event_types(request: MemberRequest) -> HttpResponse:
    told = [
        {"name": one.name, "sentence": one.sentence, "example": example(one.name)}
        for one in (*TYPES, TEST)
    ]
    return render(request, "billing/webhook_events.html", {"types": told})


@for_members(Right.KEYS)
def edit(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = endpoint_or_404(request, endpoint_id)
    initial = {name: getattr(endpoint, name) for name in ("url", "description", "types")}
    form = EndpointForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.change(endpoint, **form.cleaned_data)
        except WebhookAddressRefused as refusal:
            form.add_error("url", refusal.detail)
        else:
            messages.success(request, "Saved. What is sent from now on is sent so.")
            return redirect("webhook-endpoint", endpoint.id)
    return render(request, "billing/webhook_edit.html", {"form": form, "endpoint": endpoint})


@require_POST
@for_members(Right.KEYS)
def switch(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """On or off, as the form says: sent twice, it is what was wanted."""
    endpoint = endpoint_or_404(request, endpoint_id)
    if request.POST.get("enabled") == "yes":
        service.enable(endpoint)
        messages.success(request, "Enabled. What it missed can be sent again.")
    else:
        service.disable(endpoint, f"{request.user} has disabled it.")
        messages.success(request, "Disabled. Nothing is sent to it until it is enabled again.")
    return redirect("webhook-endpoint", endpoint.id)


@require_POST
@for_members(Right.KEYS)
def rotate(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """The new secret is in this answer, and in no other."""
    endpoint = endpoint_or_404(request, endpoint_id)
    try:
        made = service.rotate(endpoint)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
        return redirect("webhook-endpoint", endpoint.id)
    page = {"made": made, "endpoint": made.endpoint}
    return render(request, "billing/webhook_rotated.html", page)


@require_POST
@for_members(Right.KEYS)
def end_old_secret(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = endpoint_or_404(request, endpoint_id)
    service.end_previous_secret(endpoint)
    messages.success(request, "The old secret has ended. The new one alone signs.")
    return redirect("webhook-endpoint", endpoint.id)


@require_POST
@for_members(Right.KEYS)
def remove(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    service.remove(endpoint_or_404(request, endpoint_id))
    messages.success(request, "The endpoint is removed. Nothing more is sent to it.")
    return redirect("webhooks")


def endpoint_or_404(request: MemberRequest, endpoint_id: UUID) -> WebhookEndpoint:
    """Another company's is not found."""
    return get_object_or_404(service.of(request.member.customer), id=endpoint_id)


def _add(request: MemberRequest, form: NewEndpointForm) -> NewSecret | None:
    """None with an error of the form, or where it was added before."""
    wanted = dict(form.cleaned_data)
    try:
        return service.add(
            wanted.pop("key"),
            customer=request.member.customer,
            created_by=request.user,
            **wanted,
        )
    except WebhookAddressRefused as refusal:
        form.add_error("url", refusal.detail)
    except BillingError as refusal:
        form.add_error(None, refusal.detail)
    return None
