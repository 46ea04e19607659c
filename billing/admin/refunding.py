"""The page where staff refund a purchase: first what it would come to, then it is done."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.ids import uuid7
from accounts.models import User
from billing import refunds
from billing.admin import shown as billing_shown
from billing.admin.panel import of as panel_of
from billing.errors import BillingError
from billing.models import Purchase, Refund, RefundState
from ledger import money, selectors
from ledger.admin import shown
from ledger.admin.rate_cards import CreditsField
from ledger.errors import MalformedMoney


class RefundForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    credits = CreditsField(
        required=False, label="Credits", help_text="Empty: all that are unused and free."
    )
    fee_kept = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        help_text="Net of tax, in the currency of the purchase: so much less goes back.",
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="It stands on the credit note.",
    )

    def __init__(self, currency: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency

    def clean_fee_kept(self) -> int:
        """Minor units."""
        fee = self.cleaned_data["fee_kept"] or Decimal(0)
        try:
            return money.parse({"amount": f"{fee:f}", "currency": self.currency}).amount
        except MalformedMoney as wrong:
            raise forms.ValidationError(wrong.detail) from None

    def clean_credits(self) -> int | None:
        credits: int | None = self.cleaned_data["credits"]
        if credits == 0:
            raise forms.ValidationError("More than none.")
        return credits


def is_allowed(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.add_refund")


def page(request: HttpRequest, id: UUID, context: dict[str, Any]) -> HttpResponse:
    if not is_allowed(request):
        raise PermissionDenied
    purchase = Purchase.objects.filter(id=id).select_related("customer").first()
    if purchase is None:
        raise Http404
    form = RefundForm(purchase.currency, request.POST or None, initial={"key": uuid7()})
    quote = None
    if form.is_valid():
        try:
            if "confirm" in request.POST:
                return _refund(request, purchase, form.cleaned_data)
            said = form.cleaned_data
            quote = refunds.quote(purchase, said["credits"], fee_kept=said["fee_kept"])
        except BillingError as refusal:
            form.add_error(None, refusal.detail)
    return render(
        request,
        "billing/admin/refund.html",
        context
        | {
            "title": "Refund",
            "purchase": purchase,
            "page": billing_shown.page(purchase),
            "panel": panel_of(purchase),
            "form": form,
            "quote": _told(quote, purchase.currency) if quote else None,
            "late": _is_late(purchase),
        },
    )


def _refund(request: HttpRequest, purchase: Purchase, said: dict[str, Any]) -> HttpResponse:
    assert isinstance(request.user, User)
    refund = refunds.request(
        purchase,
        said["credits"],
        by=request.user,
        reason=said["reason"],
        as_staff=True,
        fee_kept=said["fee_kept"],
        key=said["key"],
    )
    _say(request, refund, purchase.currency)
    return redirect(billing_shown.page(purchase))


def _say(request: HttpRequest, refund: Refund, currency: str) -> None:
    back = billing_shown.in_words(refund.paid_back, currency)
    what = f"{back} for {shown.number(refund.credits)}"
    if refund.state == RefundState.FAILED:
        messages.error(request, f"The provider declined {what} credits: {refund.reason}")
    elif refund.state == RefundState.REQUESTED and refund.provider_ref is None:
        messages.warning(
            request,
            f"{what} credits: the credits are taken; the provider does not answer and is asked"
            " again within the hour.",
        )
    else:
        messages.success(request, f"Refunded: {what} credits.")


def _told(quote: refunds.Quote, currency: str) -> list[tuple[str, str]]:
    amounts = {"net": quote.net, "tax": quote.tax}
    if quote.fee_kept:
        amounts["fee kept"] = quote.fee_kept
    amounts["money back"] = quote.paid_back
    told = [(name, billing_shown.in_words(amount, currency)) for name, amount in amounts.items()]
    return [("credits", shown.number(quote.credits)), *told]


def _is_late(purchase: Purchase) -> bool:
    """The customer could not any more; staff can."""
    until = refunds.refundable_until(purchase)
    return until is not None and until < selectors.now()
