"""The limits that the provider gives a customer."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import ids
from accounts.errors import InvalidRequest
from accounts.models import Customer
from ledger import limits
from ledger.errors import CapBelowSpent
from ledger.limits import Limit
from ledger.limits import in_words as limits_in_words
from ledger.limits import written as limits_written
from ledger.limits.written import GivenLimit
from ledger.models import Endpoint

_KINDS = [
    ("spend", "Spend cap"),
    ("largest", "Largest hold"),
    ("holds", "Open holds"),
    ("rate", "Rate"),
]
_PERIODS = [("", "-"), ("day", "a day"), ("month", "a month"), ("lifetime", "in all")]


class LimitForm(forms.Form):
    whose = forms.ChoiceField(label="for")
    kind = forms.ChoiceField(choices=_KINDS)
    period = forms.ChoiceField(choices=_PERIODS, required=False, help_text="Of a spend cap.")
    hard = forms.CharField(
        required=False, label="refuse above", help_text="Credits, of a spend cap or a hold."
    )
    soft = forms.CharField(required=False, label="tell from", help_text="Credits, of a spend cap.")
    count = forms.IntegerField(required=False, label="open holds")
    calls = forms.IntegerField(required=False, help_text="Of a rate, also at once,")
    seconds = forms.IntegerField(required=False, label="in seconds")

    def __init__(self, customer: Customer, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._customer = customer
        self.fields["whose"] = forms.ChoiceField(label="for", choices=_whose(customer))
        self.order_fields(["whose", *self.base_fields])

    def clean(self) -> None:
        if self.errors:
            return
        chosen = dict(self.cleaned_data)
        scope, _, subject = chosen.pop("whose").partition(":")
        said: dict[str, Any] = {name: chosen[name] or None for name in ("period", "hard", "soft")}
        said |= {name: chosen[name] for name in ("kind", "count", "calls", "seconds")}
        given = GivenLimit(scope=scope, subject=subject or None, **said)
        try:
            (self.cleaned_data["limit"],) = limits_written.read(self._customer.id, [given])
        except InvalidRequest as refusal:
            for error in refusal.members["errors"]:
                field = error["field"].rpartition(".")[2]
                self.add_error(field if field in self.fields else None, error["detail"])


def page(request: HttpRequest, customer_id: UUID, *, shared: dict[str, Any]) -> HttpResponse:
    """What is in force, and what the provider gave: to be added to, and removed from."""
    may_change = request.user.has_perm("ledger.change_limits")
    may_see = may_change or request.user.has_perm("accounts.view_customer")
    if not may_see or (request.method == "POST" and not may_change):
        raise PermissionDenied
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise Http404
    form = LimitForm(customer, request.POST if "add" in request.POST else None)
    if "remove" in request.POST:
        left = [one for one in _provided(customer) if _name(one) != request.POST["remove"]]
        limits_written.save(customer.id, "provider", left)
        return _done(request, customer)
    if form.is_bound and form.is_valid() and _added(form, customer):
        return _done(request, customer)
    context = {
        "title": f"Limits of {customer.name}",
        "customer": customer,
        "lines": limits_in_words.of(customer),
        "given": [(_name(one), *_words(one, customer)) for one in _provided(customer)],
        "form": form,
        "may_change": may_change,
    }
    return render(request, "ledger/admin/limits.html", shared | context)


def _added(form: LimitForm, customer: Customer) -> bool:
    limit = form.cleaned_data["limit"]
    others = [one for one in _provided(customer) if not limits_written.same(one, limit)]
    try:
        limits_written.save(customer.id, "provider", [*others, limit])
    except CapBelowSpent as refusal:
        form.add_error("hard", refusal.detail)
        return False
    return True


def _done(request: HttpRequest, customer: Customer) -> HttpResponse:
    messages.success(request, f"The limits of {customer.name} are saved.")
    return redirect(reverse("admin:accounts_customer_limits", args=[customer.id]))


def _provided(customer: Customer) -> list[Limit]:
    return limits.given(customer.id, "provider")


def _words(limit: Limit, customer: Customer) -> tuple[str, str]:
    keys = {key.id: key.name or key.prefix for key in customer.api_keys.all()}
    endpoints = dict(Endpoint.objects.values_list("id", "code"))
    return limits_in_words.whose(limit, keys, endpoints), limits_in_words.what(limit)


def _name(limit: Limit) -> str:
    return f"{limit.scope}:{limit.subject or ''}:{limit.kind}:{limit.period or ''}"


def _whose(customer: Customer) -> list[tuple[str, str]]:
    keys = [
        (f"key:{ids.encode(ids.KEY, key.id)}", f"Key {key.name or key.prefix}")
        for key in limits_in_words.keys_of(customer)
    ]
    codes = Endpoint.objects.order_by("code").values_list("code", flat=True)
    endpoints = [(f"endpoint:{code}", f"Endpoint {code}") for code in codes]
    return [("customer:", "The customer"), ("key:", "Each key"), *keys, *endpoints]
