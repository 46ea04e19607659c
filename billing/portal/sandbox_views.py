"""The sandbox: test credits at will, and a clock that goes on when it is told to."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.errors import AccountsError
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import shown
from billing.portal import typed_credits
from ledger import sandboxes, selectors
from ledger.errors import LedgerError


class RefillForm(forms.Form):
    amount = forms.CharField(
        label="Test credits", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_amount(self) -> int:
        try:
            amount = typed_credits.parse(self.cleaned_data["amount"])
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if amount > sandboxes.REFILL_MAX:
            raise ValidationError("A thousand million at once is the most.")
        return amount


class ClockForm(forms.Form):
    hours = forms.IntegerField(
        label="Hours",
        min_value=1,
        max_value=int(sandboxes.MOVE_MAX.total_seconds()) // 3600,
        help_text="24 is a day. A clock never goes back.",
    )


@for_members(Right.KEYS)
def sandbox(request: MemberRequest) -> HttpResponse:
    return _page(request, RefillForm(initial={"amount": _usual()}), ClockForm())


@require_POST
@for_members(Right.KEYS)
def refill(request: MemberRequest) -> HttpResponse:
    form = RefillForm(request.POST)
    if not form.is_valid():
        return _page(request, form, ClockForm())
    try:
        sandboxes.refill(
            request.member.customer, form.cleaned_data["amount"], actor=request.user.email
        )
    except (AccountsError, LedgerError) as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "The sandbox is refilled.")
    return redirect("sandbox")


@require_POST
@for_members(Right.KEYS)
def move_clock(request: MemberRequest) -> HttpResponse:
    form = ClockForm(request.POST)
    if not form.is_valid():
        return _page(request, RefillForm(initial={"amount": _usual()}), form)
    try:
        now = sandboxes.move_clock(
            request.member.customer, timedelta(hours=form.cleaned_data["hours"])
        )
    except (AccountsError, LedgerError) as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, f"In the sandbox it is {now:%-d %B %Y, %H:%M} UTC now.")
    return redirect("sandbox")


def _page(request: MemberRequest, refill: RefillForm, clock: ClockForm) -> HttpResponse:
    customer = request.member.customer
    told: dict[str, Any] = {"refill": refill, "clock": clock}
    if customer.sandbox_of_id is not None:
        told["available"] = shown.credits(selectors.balance(customer.id).available)
        told["now"] = sandboxes.clock(customer)
    return render(request, "billing/sandbox.html", told)


def _usual() -> str:
    return shown.credits(sandboxes.usual_refill())
