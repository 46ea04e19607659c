"""The keys of a company."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import keys_told, rotation, selectors, services
from accounts.errors import KeyEnded, ProvidersSuspension
from accounts.forms import KeyForm, NewKeyForm, RotationForm
from accounts.ids import uuid7
from accounts.models import ApiKey
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members

PLACEHOLDER: Final = "YOUR_KEY"
MADE: Final = (
    "This key is made already, and its secret was shown once. Where you did not see it, revoke the"
    " key and create another."
)


@for_members(Right.KEYS)
def keys(request: MemberRequest) -> HttpResponse:
    """The list. A new key is in the answer to the form that made it, and in no other."""
    customer, made = request.member.customer, None
    form = NewKeyForm(customer, request.POST or None, initial={"key": uuid7()})
    if request.method == "POST" and form.is_valid():
        made = services.create_api_key_once(
            form.cleaned_data["key"], customer=customer, **form.wanted()
        )
        if made is None:
            messages.warning(request, MADE)
            return redirect("keys")
        form = NewKeyForm(customer, initial={"key": uuid7()})
    told = {
        "form": form,
        "made": made,
        "rows": keys_told.rows(customer),
        "notices": selectors.key_notices_of(customer),
        "now": timezone.now(),
        "placeholder": PLACEHOLDER,
    }
    return render(request, "accounts/keys.html", told)


@for_members(Right.KEYS)
def edit_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    key = _key(request, key_id)
    form = KeyForm(request.member.customer, request.POST or None, key=key)
    if request.method == "POST" and form.is_valid():
        return _done(
            request, lambda: services.change_key(key, **form.wanted()), "The key is saved."
        )
    told = {"form": form, "key": key, "row": keys_told.row(key), "now": timezone.now()}
    return render(request, "accounts/key.html", told)


@for_members(Right.KEYS)
def rotate_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """The new secret is in the answer to the form that made it, and in no other."""
    key, made = _key(request, key_id), None
    form = RotationForm(request.POST or None, initial={"key": uuid7()})
    if request.method == "POST" and form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap"])
        try:
            made = rotation.rotate_key_once(form.cleaned_data["key"], key, overlap=overlap)
        except KeyEnded as refusal:
            messages.error(request, refusal.detail)
            return redirect("keys")
        if made is None:
            messages.warning(request, MADE)
            return redirect("keys")
    return render(request, "accounts/key_rotated.html", {"form": form, "key": key, "made": made})


@require_POST
@for_members(Right.KEYS)
def suspend_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """The same again lets it work."""
    key = _key(request, key_id)
    if key.suspended_at is None:
        said = f"The key {key.name or key.prefix} is suspended."
        return _done(request, lambda: services.suspend_key(key), said)
    said = f"The key {key.name or key.prefix} works again."
    return _done(request, lambda: services.resume_key(key), said)


@require_POST
@for_members(Right.KEYS)
def revoke_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    key = _key(request, key_id)
    services.revoke_key(key)
    messages.success(request, f"The key {key.name or key.prefix} is revoked.")
    return redirect("keys")


def _done(request: MemberRequest, do: Callable[[], object], said: str) -> HttpResponse:
    try:
        do()
    except (KeyEnded, ProvidersSuspension) as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, said)
    return redirect("keys")


def _key(request: MemberRequest, key_id: UUID) -> ApiKey:
    """Another company's is not found."""
    return get_object_or_404(ApiKey, id=key_id, customer=request.member.customer)
