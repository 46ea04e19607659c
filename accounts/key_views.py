"""The keys of a company."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import selectors, services
from accounts.forms import KeyForm, NewKeyForm
from accounts.ids import CUSTOMER, encode, uuid7
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
    customer = request.member.customer
    form, made = NewKeyForm(request.POST or None, initial={"key": uuid7()}), None
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made = services.create_api_key_once(wanted["key"], customer=customer, name=wanted["name"])
        if made is None:
            messages.warning(request, MADE)
            return redirect("keys")
        form = NewKeyForm(initial={"key": uuid7()})
    told = {
        "form": form,
        "made": made,
        "keys": selectors.api_keys_of(customer),
        "now": timezone.now(),
        "line": _first_call(request, made.secret if made else PLACEHOLDER),
        "placeholder": PLACEHOLDER,
    }
    return render(request, "accounts/keys.html", told)


@for_members(Right.KEYS)
def rename_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    key = _key(request, key_id)
    form = KeyForm(request.POST or None, initial={"name": key.name})
    if request.method == "POST" and form.is_valid():
        services.rename_key(key, name=form.cleaned_data["name"])
        messages.success(request, "The key has its new name.")
        return redirect("keys")
    return render(request, "accounts/key.html", {"form": form, "key": key})


@require_POST
@for_members(Right.KEYS)
def revoke_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    key = _key(request, key_id)
    services.revoke_key(key)
    messages.success(request, f"The key {key.name or key.prefix} is revoked.")
    return redirect("keys")


def _first_call(request: MemberRequest, secret: str) -> str:
    """For a shell: what a customer's key may do in any case."""
    of = encode(CUSTOMER, request.member.customer_id)
    address = request.build_absolute_uri(f"/v1/customers/{of}/balance")
    return f"curl -sS {address} -H 'Authorization: Bearer {secret}'"


def _key(request: MemberRequest, key_id: UUID) -> ApiKey:
    """Another company's is not found."""
    return get_object_or_404(ApiKey, id=key_id, customer=request.member.customer)
