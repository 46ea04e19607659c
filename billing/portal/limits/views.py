"""What a company may use: all limits for who may see usage, its own caps for who may buy."""

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import Customer
from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing import alerts
from billing.portal.alerts import watched
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.limits.form import LimitForm
from ledger import limits
from ledger.errors import CapBelowSpent
from ledger.limits import Limit
from ledger.limits import in_words as limits_in_words
from ledger.limits import written as limits_written
from ledger.models import Endpoint


class Own(NamedTuple):
    name: str
    whose: str
    what: str


@require_http_methods(["GET", "HEAD"])
@for_members(Right.SEE)
def limits_page(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def limits_now(request: MemberRequest) -> HttpResponse:
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    lines = limits_in_words.of(request.member.customer)
    return render(request, "billing/_limits.html", {"lines": lines})


@require_POST
@for_members(Right.BUY)
def set_limit(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    form = LimitForm(customer, request.POST)
    if form.is_valid():
        others = [
            one
            for one in limits.given(customer.id, "customer")
            if not limits_written.same(one, form.limit)
        ]
        try:
            limits_written.save(customer.id, "customer", [*others, form.limit])
        except CapBelowSpent as refusal:
            form.add_error("hard", refusal.detail)
        else:
            messages.success(request, "Saved.")
            return redirect("limits")
    return _page(request, form)


@require_POST
@for_members(Right.BUY)
def remove_limit(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    own = limits.given(customer.id, "customer")
    left = [one for one in own if _name(one) != request.POST.get("limit")]
    if left != own:
        limits_written.save(customer.id, "customer", left)
        messages.success(request, "The cap is removed.")
    return redirect("limits")


def _page(request: MemberRequest, form: LimitForm | None = None) -> HttpResponse:
    customer = request.member.customer
    may_change = Right.BUY in RIGHTS[request.member.role] and customer.sandbox_of_id is None
    page = {
        "lines": limits_in_words.of(customer),
        "own": _own(customer),
        "form": form or LimitForm(customer),
        "thresholds": _thresholds(customer) if may_change else [],
        "may_change": may_change,
    }
    return render(request, "billing/limits.html", page)


def _thresholds(customer: Customer) -> list[watched.Row]:
    return watched.thresholds(alerts.settings_of(customer.id), None, None)


def _own(customer: Customer) -> list[Own]:
    keys = {key.id: key.name or key.prefix for key in customer.api_keys.all()}
    endpoints = dict(Endpoint.objects.values_list("id", "code"))
    return [
        Own(_name(one), limits_in_words.whose(one, keys, endpoints), limits_in_words.what(one))
        for one in limits.given(customer.id, "customer")
    ]


def _name(limit: Limit) -> str:
    return f"{limit.scope}:{limit.subject or ''}:{limit.period}"
