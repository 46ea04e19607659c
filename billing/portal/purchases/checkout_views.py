"""Buying a pack: the page with the packs, the way to the provider's page, and what came of it."""

from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import checkout, payments, selectors, shown
from billing.errors import (
    BillingError,
    PackUnavailable,
    PlaceMissing,
    ProviderDeclined,
    ProviderFailed,
    UnknownProvider,
)
from billing.models import Purchase, PurchaseState
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.purchases import shop, standing
from billing.portal.purchases.forms import OrderForm
from billing.portal.purchases.its_company import acting_for_its_company
from billing.portal.purchases.views import purchase_or_404
from billing.portal.top_up.offer import Offer, offer
from billing.top_up import mending
from billing.top_up.standing import agreement_of
from ledger import selectors as ledger

LEFT: Final = "left"
# A page looks twice a second; the provider is asked less often, however many look.
_ASKED_SECONDS: Final = 5


@for_members(Right.BUY)
def buy(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    customer = request.member.customer
    currency = shop.currency_for(customer, request.GET.get("currency", ""))
    page = {
        "offers": shop.offers(customer, currency),
        "currency": currency,
        "currencies": selectors.currencies_for(customer),
        "chosen": request.GET.get("pack", ""),
        "tax_note": shop.tax_note(customer),
        "is_card_to_keep": mending.is_to_save_another(agreement_of(customer)),
    }
    return render(request, "billing/buy.html", page)


@acting_for_its_company
@for_members(Right.BUY)
def outcome(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    """Where a payer comes back to, with or without having paid. The form leads there again."""
    purchase = purchase_or_404(request, purchase_id)
    if request.method == "POST":
        return _to_payment(request, purchase)
    purchase = _asked(purchase)
    if LEFT in request.GET:
        checkout.cancel(purchase)
        return redirect("checkout-outcome", purchase.id)
    return render(request, "billing/outcome.html", _told(request, purchase))


@require_GET
@for_signed_in
@for_members(Right.BUY)
def outcome_state(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    """Nothing, as long as nothing has changed."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    purchase = purchase_or_404(request, purchase_id)
    if cache.add(f"asked/{purchase.id}", 1, _ASKED_SECONDS):
        purchase = _asked(purchase)
    if standing.state(purchase) == request.GET.get("state"):
        return HttpResponse(status=204)
    return render(request, "billing/_outcome.html", _told(request, purchase))


def _asked(purchase: Purchase) -> Purchase:
    """As the provider knows it, where that is still one of ours."""
    with suppress(UnknownProvider):
        return payments.confirm_if_possible(purchase)
    return purchase


def _start(request: MemberRequest) -> HttpResponse:
    form = OrderForm(request.POST)
    if not form.is_valid():
        return _again(request, "Please choose a pack.")
    ordered, customer = form.cleaned_data, request.member.customer
    pack = selectors.packs_on_sale(customer).filter(code=ordered["pack"]).first()
    if pack is None:
        return _again(request, "This pack is no longer on sale. Please choose another one.")
    try:
        purchase = checkout.start(
            customer,
            pack,
            ordered["currency"],
            request.member,
            key=ordered["key"],
            save_card=ordered["save_card"],
            return_url=partial(_page_of, request, ""),
            cancel_url=partial(_page_of, request, f"?{LEFT}"),
        )
    except PlaceMissing:
        aim = urlencode({"pack": pack.code, "currency": ordered["currency"]})
        return redirect(f"{reverse('billing-profile')}?{aim}")
    except BillingError as refusal:
        return _again(request, _why(refusal))
    return _away(purchase)


def _to_payment(request: MemberRequest, purchase: Purchase) -> HttpResponse:
    if not standing.is_payable(purchase):
        return redirect("checkout-outcome", purchase.id)
    try:
        purchase = checkout.open_checkout(
            purchase,
            return_url=partial(_page_of, request, ""),
            cancel_url=partial(_page_of, request, f"?{LEFT}"),
        )
    except BillingError as refusal:
        messages.error(request, _why(refusal))
        return redirect("checkout-outcome", purchase.id)
    return _away(purchase)


def _away(purchase: Purchase) -> HttpResponse:
    """To the provider. The built-in one's page is ours: it is reached as this one was."""
    if purchase.state == PurchaseState.PAID:
        return redirect("checkout-outcome", purchase.id)
    return redirect(purchase.checkout_url.removeprefix(settings.PUBLIC_URL.rstrip("/")))


def _page_of(request: MemberRequest, query: str, purchase: Purchase) -> str:
    page = reverse("checkout-outcome", args=[purchase.id])
    return request.build_absolute_uri(page + query)


def _again(request: MemberRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("buy")


def _why(refusal: BillingError) -> str:
    if isinstance(refusal, PackUnavailable):
        return "This pack is not on sale in that currency any more. Please choose again."
    if isinstance(refusal, ProviderDeclined):
        return (
            "The payment provider declined this checkout. Nothing was charged: please choose "
            "another pack or currency, or ask us."
        )
    if isinstance(refusal, ProviderFailed):
        return "The payment provider does not answer. Nothing was charged: please try again."
    return refusal.detail


def _offer(request: MemberRequest, purchase: Purchase) -> Offer | None:
    if purchase.state != PurchaseState.PAID:
        return None
    return offer(request.member.customer, by=request.user)


def _told(request: MemberRequest, purchase: Purchase) -> dict[str, object]:
    balance = ledger.balance(purchase.customer_id)
    return {
        "purchase": purchase,
        "told": standing.outcome(purchase),
        "available": shown.credits(balance.available),
        "documents": purchase.documents.all(),
        "offer": _offer(request, purchase),
    }
