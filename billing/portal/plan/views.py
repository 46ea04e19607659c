"""The company's plan: what it includes, what it costs and when, invoices, and another plan."""

from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import documents, selectors
from billing.errors import BillingError, PlaceMissing
from billing.models import ChargeState, Invoice, PaymentMethod, Plan, Subscription
from billing.plans import catalogue, charging, paying, subscribing
from billing.plans.errors import CardMissing
from billing.portal.plan import planned
from ledger.errors import LedgerError


@require_GET
@for_members(Right.BUY)
def plan(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    subscription = subscribing.of(customer)
    page = {
        "told": planned.standing(subscription) if subscription else None,
        "cards": selectors.payment_methods_of(customer),
        "offers": planned.offers(customer, subscription),
        "invoices": planned.invoices(customer),
    }
    return render(request, "billing/plan.html", page)


@require_POST
@for_members(Right.BUY)
def choose(request: MemberRequest, plan_id: UUID) -> HttpResponse:
    """To begin with it, or to change to it: at once, or with the next period."""
    wanted = get_object_or_404(catalogue.offered(), id=plan_id)
    subscription = subscribing.of(request.member.customer)
    try:
        if subscription is None:
            return _start(request, wanted)
        at_once = request.POST.get("when") == "now"
        subscription = subscribing.change(subscription, wanted, at_once=at_once)
        charging.charge_now(subscription)
    except PlaceMissing:
        return redirect("billing-profile")
    except CardMissing as refusal:
        way = format_html('<a href="{}">Buy credits</a>', reverse("buy"))
        messages.error(request, format_html("{} {}", refusal.detail, way))
        return redirect("plan")
    except (BillingError, LedgerError) as refusal:
        messages.error(request, refusal.detail)
        return redirect("plan")
    when = "now" if at_once else f"from {planned.day(subscription.period_end, subscription)} on"
    messages.success(request, f"Your plan is {wanted.name} {when}.")
    return redirect("plan")


@require_POST
@for_members(Right.BUY)
def cancel(request: MemberRequest) -> HttpResponse:
    subscription = _own(request)
    try:
        subscription = subscribing.cancel(subscription)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
    else:
        assert subscription.ends_at is not None
        ends = planned.day(subscription.ends_at, subscription)
        messages.success(request, f"Your plan ends on {ends}. Until then nothing changes.")
    return redirect("plan")


@require_POST
@for_members(Right.BUY)
def resume(request: MemberRequest) -> HttpResponse:
    subscription = _own(request)
    try:
        subscribing.resume(subscription)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "Your plan goes on.")
    return redirect("plan")


@require_POST
@for_members(Right.BUY)
def use_card(request: MemberRequest) -> HttpResponse:
    """From now on. What is not paid is paid with it at once."""
    subscription = _own(request)
    card = _card(request)
    if card is None:
        raise Http404
    try:
        subscribing.use_card(subscription, card)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
        return redirect("plan")
    charging.charge_now(subscription)
    if planned.unpaid(subscription):
        messages.error(request, "The card was declined. Another one may pay on the invoice's page.")
    else:
        messages.success(request, f"{planned.card(card)} is charged from now on.")
    return redirect("plan")


@for_members(Right.BUY)
def pay(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Where whoever paid comes back to; the button leads to the provider."""
    invoice = _invoice(request, invoice_id)
    if request.method == "POST":
        return _to_payment(request, invoice)
    paying.confirm(invoice)
    state = planned.of_invoice(invoice)
    if invoice.paid_at:
        messages.success(request, f"{state.number} is paid.")
    else:
        messages.info(request, f"{state.number} is not paid yet.")
    return redirect("plan")


@require_GET
@for_members(Right.BUY)
def invoice_pdf(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    document = _invoice(request, invoice_id).document
    return HttpResponse(
        documents.pdf(document),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{document.name}.pdf"'},
    )


def _start(request: MemberRequest, wanted: Plan) -> HttpResponse:
    customer, user = request.member.customer, request.user
    subscription = subscribing.start(customer, wanted, card=_card(request), by=user)
    charging_card = subscription.card_id is not None
    unpaid = planned.unpaid(subscription)
    if unpaid and not charging_card:
        return _to_payment(request, unpaid[0])
    charging.charge_now(subscription)
    if planned.unpaid(subscription):
        messages.error(request, "Your card was declined. Pay the invoice with another one.")
    else:
        messages.success(request, f"Your plan is {wanted.name}.")
    return redirect("plan")


def _to_payment(request: MemberRequest, invoice: Invoice) -> HttpResponse:
    page_of = partial(reverse, "pay-invoice")
    back = request.build_absolute_uri(page_of(args=[invoice.id]))
    try:
        charge = paying.open_page(invoice, by=request.user, return_url=back)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
        return redirect("plan")
    if charge.state != ChargeState.CHARGING:
        return redirect("plan")
    return redirect(charge.url.removeprefix(settings.PUBLIC_URL.rstrip("/")))


def _own(request: MemberRequest) -> Subscription:
    found = subscribing.of(request.member.customer)
    if found is None:
        raise Http404
    return found


def _invoice(request: MemberRequest, invoice_id: UUID) -> Invoice:
    """Another company's is not found."""
    found = Invoice.objects.filter(customer=request.member.customer).select_related(
        "subscription__plan", "document", "customer"
    )
    return get_object_or_404(found, id=invoice_id)


def _card(request: MemberRequest) -> PaymentMethod | None:
    asked = request.POST.get("card", "")
    kept = selectors.payment_methods_of(request.member.customer)
    return kept.filter(id=int(asked)).first() if asked.isdecimal() else None
