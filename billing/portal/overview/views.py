"""The overview, and its parts that ask for themselves again."""

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from accounts.permissions import NOT_IN_A_SANDBOX, RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing.models import Subscription, SubscriptionState
from billing.portal.alerts import watched
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.overview import figures as told
from billing.portal.overview import first_steps
from billing.portal.overview import needs as needed
from billing.portal.overview import recent as of_late
from billing.portal.plan import planned
from billing.portal.purchases import shop
from billing.top_up import standing as top_up

OFFERS_SHOWN: Final = 3
TOLD_SHOWN: Final = 3
# To the page: what depends on the figures asks for itself, too.
CHANGED: Final = "figures-changed"


@require_GET
@for_members(Right.SEE)
def overview(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    steps = first_steps.steps(customer, _rights(request))
    page = {
        "figures": told.figures(customer),
        "needs": needed.of(customer, _rights(request)),
        "steps": steps,
        "offers": shop.offers(customer)[:OFFERS_SHOWN] if first_steps.is_to_buy(steps) else [],
        **_recent(request),
    }
    return render(request, "billing/overview.html", page)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def figures(request: MemberRequest) -> HttpResponse:
    """Nothing, as long as nothing has changed."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    if told.is_unchanged(request.member.customer_id, request.GET.get("state", "")):
        return HttpResponse(status=204)
    shown = {"figures": told.figures(request.member.customer)}
    return trigger_client_event(render(request, "billing/_figures.html", shown), CHANGED)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def needs(request: MemberRequest) -> HttpResponse:
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    found = needed.of(request.member.customer, _rights(request))
    return render(request, "billing/_needs.html", {"needs": found})


@require_GET
@for_signed_in
@for_members(Right.SEE)
def recent(request: MemberRequest) -> HttpResponse:
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    return render(request, "billing/_recent.html", _recent(request))


def _recent(request: MemberRequest) -> dict[str, Any]:
    customer = request.member.customer
    on_plan = Subscription.objects.filter(customer=customer, state=SubscriptionState.ACTIVE)
    subscription = on_plan.select_related("plan", "customer", "card", "next_plan").first()
    return {
        "recent": of_late.recent(customer),
        "plan": planned.standing(subscription) if subscription else None,
        "top_up": top_up.line(customer, with_money=Right.BUY in _rights(request)),
        "lately": watched.history(customer)[:TOLD_SHOWN],
    }


def _rights(request: MemberRequest) -> frozenset[Right]:
    rights = RIGHTS[request.member.role]
    return rights - NOT_IN_A_SANDBOX if request.member.customer.sandbox_of_id else rights
