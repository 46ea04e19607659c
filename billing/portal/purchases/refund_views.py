"""Giving unused credits back: what that would pay, and doing it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts.ids import uuid7
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import refunds, shown
from billing.errors import BillingError, NothingToRefund
from billing.models import Purchase, Refund, RefundState
from billing.portal.fragments import for_signed_in
from billing.portal.purchases import standing
from billing.portal.purchases.forms import RefundForm, RefundOrderForm
from billing.portal.purchases.views import purchase_or_404
from billing.refunds import Quote

REASON = "Asked for by the customer"
CHANGED = "What is unused has changed meanwhile. Please look again."
UNSEEN = "Below is what you would get back. Press the button again if you agree."


@for_members(Right.BUY)
def refund(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    purchase = purchase_or_404(request, purchase_id)
    form = RefundOrderForm(request.POST or None, initial={"key": uuid7()})
    if request.method == "POST":
        return _refund(request, purchase, form)
    if standing.refund_quote(purchase) is None:
        messages.error(request, "Nothing of this purchase can be refunded now.")
        return redirect("purchase", purchase.id)
    return _page(request, purchase, form)


@require_GET
@for_signed_in
@for_members(Right.BUY)
def preview(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    """What the form, as it is filled in now, would pay."""
    purchase = purchase_or_404(request, purchase_id)
    if standing.refund_quote(purchase) is None:
        return HttpResponseClientRefresh()
    form = RefundForm(request.GET)
    return render(request, "billing/_refund_preview.html", _preview(purchase, form))


def _refund(request: MemberRequest, purchase: Purchase, form: RefundOrderForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, purchase, form)
    try:
        made = _request(request, purchase, form)
    except BillingError as refusal:
        # The second of two clicks may find nothing left.
        sent_before = Refund.objects.filter(id=form.cleaned_data["key"], payment_id=purchase.id)
        if not sent_before.exists():
            return _page(request, purchase, form, refusal.detail)
        made = sent_before.get()
    _tell(request, made, purchase.currency)
    return redirect("purchase", purchase.id)


def _request(request: MemberRequest, purchase: Purchase, form: RefundOrderForm) -> Refund:
    """What was seen is what is done: where that has changed, it is shown again."""
    wanted = form.cleaned_data
    asked = wanted.get("amount")
    quote = refunds.quote(purchase, asked)
    if wanted["seen"] != _seen(asked, quote):
        raise NothingToRefund(CHANGED if wanted["seen"].startswith(_choice(asked)) else UNSEEN)
    reason = wanted["reason"] or REASON
    return refunds.request(
        purchase, quote.credits, by=request.user, reason=reason, key=wanted["key"]
    )


def _page(
    request: MemberRequest, purchase: Purchase, form: RefundForm, problem: str = ""
) -> HttpResponse:
    quote, told = standing.refund_quote(purchase), _preview(purchase, form)
    if form.errors.get("credits"):
        # The field says it.
        told = {}
    elif problem and "problem" not in told:
        form.add_error(None, problem)
    page = {
        "form": form,
        "purchase": purchase,
        "unused": shown.credits(quote.credits if quote else 0),
        "until": refunds.refundable_until(purchase),
        **told,
    }
    return render(request, "billing/refund.html", page)


def _preview(purchase: Purchase, form: RefundForm) -> dict[str, object]:
    if form.is_bound and not form.is_valid():
        return {"problem": next(iter(form.errors.get("credits", [])), "")}
    asked = form.cleaned_data.get("amount") if form.is_bound else None
    try:
        quote = refunds.quote(purchase, asked)
    except BillingError as refusal:
        return {"problem": _why(refusal, purchase, asked)}
    return {
        "seen": _seen(asked, quote),
        "credits": shown.credits(quote.credits),
        "net": shown.money(quote.net, purchase.currency),
        "tax": shown.money(quote.tax, purchase.currency) if quote.tax else "",
        "amount": shown.money(quote.amount, purchase.currency),
    }


def _why(refusal: BillingError, purchase: Purchase, asked: int | None) -> str:
    if isinstance(refusal, NothingToRefund) and asked and standing.refund_quote(purchase):
        return "So few credits are worth nothing. Write more of them."
    return refusal.detail


def _seen(asked: int | None, quote: Quote) -> str:
    return f"{_choice(asked)}{quote.credits}.{quote.amount}"


def _choice(asked: int | None) -> str:
    return f"{asked or 'all'}."


def _tell(request: MemberRequest, made: Refund, currency: str) -> None:
    amount, credits = shown.money(made.amount, currency), shown.credits(made.credits)
    match RefundState(made.state):
        case RefundState.SUCCEEDED:
            messages.success(request, f"{amount} was refunded for {credits} credits.")
        case RefundState.FAILED:
            messages.error(
                request, "The payment provider refused this refund. You have lost nothing."
            )
        case _:
            messages.success(request, f"{amount} is on its way back for {credits} credits.")
