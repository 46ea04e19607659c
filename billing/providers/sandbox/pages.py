"""The test provider's own page: who has its address pays, and plays the bank."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from billing import shown
from billing.errors import ProviderDeclined
from billing.models import SandboxCheckout
from billing.providers.sandbox import acts, delivery

Act = Callable[[SandboxCheckout, HttpRequest], None]


@never_cache
@require_GET
def checkout(request: HttpRequest, ref: str) -> HttpResponse:
    found = _found(ref)
    context = {
        "checkout": found,
        "amount": shown.money(found.amount, found.currency),
        "cards": acts.CARDS,
        "was_declined": "declined" in request.GET,
        "open_dispute": found.disputes.filter(state="open").first(),
        "left": acts.left(found),
    }
    return render(request, "pay/test.html", context)


@csrf_protect
@require_POST
def act(request: HttpRequest, ref: str, act: str) -> HttpResponse:
    if act not in ACTS:
        raise Http404
    found = _found(ref)
    try:
        ACTS[act](found, request)
    except ProviderDeclined:
        return redirect("test-provider", ref=ref)
    # What happened is told before the payer is back.
    delivery.deliver()
    if act == "pay":
        return HttpResponseRedirect(found.return_url)
    page = reverse("test-provider", args=[ref])
    return HttpResponseRedirect(f"{page}?declined" if act == "decline" else page)


def _pay(checkout: SandboxCheckout, request: HttpRequest) -> None:
    card = request.POST.get("card", acts.GOOD)
    acts.pay(checkout.ref, save_card="save_card" in request.POST, card=card)


def _decline(checkout: SandboxCheckout, request: HttpRequest) -> None:
    acts.decline(checkout.ref)


def _abandon(checkout: SandboxCheckout, request: HttpRequest) -> None:
    acts.abandon(checkout.ref)


def _close(won: bool) -> Act:
    def close(checkout: SandboxCheckout, request: HttpRequest) -> None:
        for dispute in checkout.disputes.filter(state="open"):
            acts.close(dispute.ref, won=won)

    return close


def _dispute(checkout: SandboxCheckout, request: HttpRequest) -> None:
    acts.dispute(checkout.ref)


def _dispute_all(checkout: SandboxCheckout, request: HttpRequest) -> None:
    """Whatever was refunded before."""
    acts.dispute(checkout.ref, amount=checkout.amount)


def _refund(checkout: SandboxCheckout, request: HttpRequest) -> None:
    acts.refund(checkout.ref, amount=checkout.amount - checkout.refunded)


ACTS: Final[dict[str, Act]] = {
    "pay": _pay,
    "decline": _decline,
    "abandon": _abandon,
    "dispute": _dispute,
    "dispute-all": _dispute_all,
    "win": _close(True),
    "lose": _close(False),
    "refund": _refund,
}


def _found(ref: str) -> SandboxCheckout:
    if "test" not in settings.PAYMENT_PROVIDERS:
        raise Http404
    return get_object_or_404(SandboxCheckout, ref=ref)
