"""Getting started: a key, a first call with it, and what comes in."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from accounts import services
from accounts.ids import uuid7
from accounts.models import ApiKey
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from accounts.services import NewApiKey
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.prices import price_list
from billing.portal.start import first_call, snippets, starting

PLACEHOLDER: Final = "YOUR_KEY"
MADE: Final = (
    "This key is made already, and its secret was shown once. Where you did not see it, revoke the"
    " key and create another."
)


class FirstKeyForm(forms.Form):
    """`key` is new on every page that shows the form: sent twice, it makes one key."""

    name = forms.CharField(
        max_length=ApiKey._meta.get_field("name").max_length,
        label="Name of the key",
        help_text="What uses it, so that you know later which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Please load this page again."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    return create_key(request) if request.method == "POST" else show(request)


@for_members(Right.SEE)
def show(request: MemberRequest) -> HttpResponse:
    return _page(request, _new_form())


@for_members(Right.KEYS)
def create_key(request: MemberRequest) -> HttpResponse:
    """The new key is in the answer to the form that made it, and in no other."""
    form = FirstKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    made = services.create_api_key_once(
        form.cleaned_data["key"], customer=request.member.customer, name=form.cleaned_data["name"]
    )
    if made is None:
        messages.warning(request, MADE)
        return redirect("start")
    return _page(request, _new_form(), made)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def calls(request: MemberRequest) -> HttpResponse:
    """What has come in; nothing, as long as nothing has changed."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    arrivals = starting.arrivals(request.member.customer, _key_id(request))
    if request.GET.get("state") == arrivals.state:
        return HttpResponse(status=204)
    return render(request, "billing/_first_calls.html", {"arrivals": arrivals})


def _page(
    request: MemberRequest, form: FirstKeyForm, made: NewApiKey | None = None
) -> HttpResponse:
    customer = request.member.customer
    call = first_call.of(customer, request.build_absolute_uri("/"))
    language = request.GET.get("language", "curl")
    is_known = language in snippets.LANGUAGES
    secret = made.secret if made else PLACEHOLDER
    told: dict[str, Any] = {
        "form": form,
        "made": made,
        "keys": starting.usable_keys(customer)[: starting.KEYS_SHOWN],
        "makers": starting.makers_of_keys(customer),
        "placeholder": PLACEHOLDER,
        "call": call,
        "cost": price_list.costs(call.price) if call.price else None,
        "snippets": snippets.of(call, secret),
        "language": language if is_known else "curl",
        "unknown_language": "" if is_known else language,
        "balance": snippets.of(
            first_call.balance(customer, request.build_absolute_uri("/")), secret
        )[0],
        "arrivals": starting.arrivals(customer, made.key.id if made else None),
    }
    return render(request, "billing/start.html", told)


def _new_form() -> FirstKeyForm:
    return FirstKeyForm(initial={"key": uuid7(), "name": "First key"})


def _key_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("key", ""))
    except ValueError:
        return None
