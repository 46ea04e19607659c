"""The price list, and its calculator."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh, replace_url

from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.prices import calculator, price_list, worth
from billing.portal.prices.calculator import Calculation


@require_GET
@for_members(Right.SEE)
def prices(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    told = _calculated(request) | {
        "standing": price_list.standing(customer),
        "change": price_list.next_change(customer),
    }
    return render(request, "billing/prices.html", told)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def estimate(request: MemberRequest) -> HttpResponse:
    """Of what is filled in now. The page's address says it too, so that it can be passed on."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    told = _calculated(request)
    typed = calculator.typed_values(told["calculation"])
    address = reverse("prices") + (f"?{urlencode(typed)}" if typed else "")
    return replace_url(render(request, "billing/_estimate.html", told | {"again": True}), address)


def _calculated(request: MemberRequest) -> dict[str, Any]:
    customer = request.member.customer
    lines = price_list.lines(customer)
    found = calculator.calculation(customer, lines, request.GET.dict())
    return {"lines": lines, "calculation": found, "worth": _worth(request, found)}


def _worth(request: MemberRequest, found: Calculation) -> list[worth.Worth]:
    """Only who buys is told of money, and none moves in a sandbox."""
    member = request.member
    if found.estimate is None or not found.estimate.amount:
        return []
    if Right.BUY not in RIGHTS[member.role] or member.customer.sandbox_of_id is not None:
        return []
    return worth.of(member.customer, found.estimate.amount)
