"""Whom receipts are made out to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import selectors
from billing.forms import ProfileForm


@never_cache
@for_members(Right.BUY)
def profile(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    form = ProfileForm(request.POST or None, instance=selectors.profile_of(customer))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved. The next receipts are made out so.")
        return redirect("billing-profile")
    page = {"form": form, "methods": selectors.payment_methods_of(customer)}
    return render(request, "billing/profile.html", page)
