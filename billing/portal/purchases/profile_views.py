"""Whom receipts are made out to, and the cards that are kept."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import payment_methods, selectors
from billing.errors import BillingError
from billing.portal.purchases.forms import ProfileForm


@for_members(Right.BUY)
def profile(request: MemberRequest) -> HttpResponse:
    """With `?pack`, on the way to buying it."""
    customer, aim = request.member.customer, _aim(request)
    form = ProfileForm(request.POST or None, instance=selectors.profile_of(customer))
    if request.method == "POST" and form.is_valid():
        form.save()
        if aim:
            messages.success(request, "Saved. The prices now say the tax for your country.")
            return redirect(f"{reverse('buy')}?{aim}")
        messages.success(request, "Saved. The next receipts are made out so.")
        return redirect("billing-profile")
    page = {"form": form, "aim": aim, "cards": selectors.payment_methods_of(customer)}
    return render(request, "billing/profile.html", page)


@require_POST
@for_members(Right.BUY)
def remove_card(request: MemberRequest, card_id: int) -> HttpResponse:
    """Another company's is not found."""
    kept = selectors.payment_methods_of(request.member.customer)
    card = get_object_or_404(kept, id=card_id)
    try:
        payment_methods.remove(card)
    except BillingError:
        messages.error(request, "The payment provider does not answer: the card is still saved.")
    else:
        messages.success(request, f"The card {card.last4} is forgotten.")
    return redirect("billing-profile")


def _aim(request: MemberRequest) -> str:
    """What is to be bought, as the page with the packs is told it."""
    asked = {name: request.GET.get(name, "") for name in ("pack", "currency")}
    return urlencode(asked) if asked["pack"] else ""
