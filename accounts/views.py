"""Signing up, the terms, and those pages of one's own account that allauth does not have."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from accounts import portal, second_factor, selectors, services, sign_up
from accounts import terms as texts
from accounts.errors import InvitationRefused
from accounts.forms import ProfileForm, SignUpForm
from accounts.models import User
from accounts.plain_forms import ActivateAppForm


class SignUp(allauth_views.SignupView):
    """With `?invited`, into the company whose invitation was opened in this session."""

    def get_form_kwargs(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_kwargs()
        if "invited" in self.request.GET:
            options["invitation"] = sign_up.opened_invitation(self.request)
        return options

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except InvitationRefused as refusal:
            form.add_error(None, refusal.detail)
            response = self.form_invalid(form)
        return response


@method_decorator(reauthentication_required(allow_get=True), name="dispatch")
class Email(allauth_views.EmailView):
    """Who finds a browser open does not take the account away by another address."""


class ActivateApp(ActivateTOTPView):
    """Whoever turned it on here need not show it once more."""

    def form_valid(self, form: ActivateAppForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        second_factor.note_turned_on(self.request, _person(self.request))
        return response


def terms(request: HttpRequest) -> HttpResponse:
    told = {"version": texts.VERSION, "refund_days": settings.REFUND_DAYS}
    return render(request, "accounts/terms.html", told)


@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        services.rename_user(user, name=form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("account")
    told = {
        "form": form,
        "has_second_factor": is_mfa_enabled(user),
        "address": EmailAddress.objects.filter(user=user, primary=True).first(),
    }
    return render(request, "accounts/account.html", told)


@login_required
@require_POST
def switch_company(request: HttpRequest) -> HttpResponse:
    """Act for the company that the form names. 404 where one is not a member."""
    chosen = request.POST.get("customer", "")
    for member in selectors.memberships_of(_person(request)):
        if str(member.customer_id) == chosen:
            portal.act_for(request, member)
            return redirect(settings.LOGIN_REDIRECT_URL)
    raise Http404


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
