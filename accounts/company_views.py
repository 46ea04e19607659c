"""Of the company itself: where its days begin, and its sandbox."""

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST

from accounts import portal, services
from accounts.forms import CompanyForm
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members


@for_members(Right.MEMBERS)
def settings(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    form = CompanyForm(request.POST or None, initial={"time_zone": customer.time_zone})
    if request.method == "POST" and form.is_valid():
        services.update_customer(customer, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, "The time zone is saved.")
        return redirect("company-settings")
    told = {"form": form, "now": timezone.now()}
    return render(request, "accounts/company.html", told)


@require_POST
@for_members(Right.KEYS)
def enter_sandbox(request: MemberRequest) -> HttpResponse:
    """From now on this person's pages are about the sandbox, which is made at the first time."""
    sandbox = import_string(django_settings.SANDBOX_OPENED)(request.member.customer)
    portal.act_for(request, portal.in_sandbox(request.member, sandbox))
    return redirect("sandbox")


@require_POST
@for_members(Right.SEE, is_closed_too=True)
def leave_sandbox(request: MemberRequest) -> HttpResponse:
    portal.leave_sandbox(request, request.member)
    return redirect(django_settings.LOGIN_REDIRECT_URL)
