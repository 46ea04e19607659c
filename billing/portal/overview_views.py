"""The overview."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing.portal import overview as told
from billing.portal import shop, topping_up
from billing.portal.fragments import for_signed_in, is_of_another_company

OFFERS_SHOWN: Final = 3


@require_GET
@for_members(Right.SEE)
def overview(request: MemberRequest) -> HttpResponse:
    customer, rights = request.member.customer, RIGHTS[request.member.role]
    steps = told.steps(customer, rights)
    page = {
        "figures": told.figures(customer.id),
        "steps": steps,
        "top_up": topping_up.line(customer),
        "offers": shop.offers(customer)[:OFFERS_SHOWN] if told.is_to_buy(steps) else [],
    }
    return render(request, "billing/overview.html", page)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def figures(request: MemberRequest) -> HttpResponse:
    """Nothing, as long as nothing has changed."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    customer_id = request.member.customer_id
    if told.is_unchanged(customer_id, request.GET.get("state", "")):
        return HttpResponse(status=204)
    return render(request, "billing/_figures.html", {"figures": told.figures(customer_id)})
