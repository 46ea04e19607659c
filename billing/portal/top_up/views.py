"""Automatic top-up: agreed to in two steps, looked at, and turned off."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import selectors
from billing.errors import TopUpRefused
from billing.portal import paged
from billing.portal.top_up import standing as topping_up
from billing.portal.top_up.form import TopUpForm, as_typed
from billing.portal.top_up.offer import offer
from billing.top_up import agreeing
from billing.top_up.standing import agreement_of, proposal


@for_members(Right.BUY)
def top_up(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    agreement = agreement_of(customer)
    form = TopUpForm(
        customer, request.POST or None, initial=as_typed(agreement) if agreement else None
    )
    proposed = ""
    if request.method == "POST" and form.is_valid():
        proposed = _proposal(request, form)
        if proposed and form.cleaned_data["agreed"] and form.cleaned_data["seen"] == proposed:
            agreeing.agree(customer, form.terms(), by=request.user)
            messages.success(request, "Automatic top-up is on.")
            return redirect("top-up")
    return render(request, "billing/top_up.html", _page(request, form, proposed))


@require_POST
@for_members(Right.BUY)
def turn_off(request: MemberRequest) -> HttpResponse:
    agreement = agreement_of(request.member.customer)
    if agreement is not None and agreement.enabled:
        agreeing.end(agreement)
        messages.success(request, "Automatic top-up is off. Nothing more is charged by itself.")
    return redirect("top-up")


def _proposal(request: MemberRequest, form: TopUpForm) -> str:
    """What it means, in a sentence; what is wrong is told beside the field."""
    try:
        proposed = agreeing.proposed(request.member.customer, form.terms(), by=request.user)
    except TopUpRefused as refusal:
        form.add_error(refusal.field, refusal.detail)
        return ""
    return proposal(proposed)


def _page(request: MemberRequest, form: TopUpForm, proposed: str) -> dict[str, Any]:
    customer = request.member.customer
    page = paged.page(topping_up.history(customer), request.GET)
    return {
        "form": form,
        "proposal": proposed,
        "told": topping_up.standing(agreement_of(customer)),
        "offer": offer(customer, by=request.user),
        "has_card": selectors.payment_methods_of(customer).exists(),
        "has_pack": bool(settings.PAYMENT_PROVIDERS) and bool(selectors.currencies_for(customer)),
        "is_in_flight": topping_up.is_in_flight(customer),
        "page": page,
        "rows": [topping_up.row(one) for one in page.rows],
    }
