from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from accounts import sign_up
from accounts.models import ApiKey, Invitation, Role, User
from accounts.plain_forms import Plain, make_plain

NAME_MAX = 200

ROLES = [
    (Role.OWNER, "Owner: everything, members included"),
    (Role.BILLING, "Billing: buys credits, sees purchases and receipts"),
    (Role.DEVELOPER, "Developer: makes and revokes keys"),
    (Role.VIEWER, "Viewer: sees the balance and the usage"),
]


class SignInForm(Plain, allauth_forms.LoginForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"].label = "E-mail"
        self.fields["password"].help_text = ""


class SignUpForm(allauth_forms.SignupForm):
    """A person with a company, or one whom a company has invited: then the address is given."""

    company = forms.CharField(max_length=NAME_MAX, label="Company")
    consent = forms.BooleanField(error_messages={"required": "Please agree to the terms."})
    field_order = ["company", "email", "password1", "consent"]

    def __init__(self, *args: Any, **options: Any) -> None:
        self.invitation: Invitation | None = options.pop("invitation", None)
        super().__init__(*args, **options)
        make_plain(self)
        self.fields["email"].label = "Work e-mail"
        self.fields["consent"].label = format_html(
            'I agree to the <a href="{}" target="_blank">terms</a>', "/terms/"
        )
        if self.invitation is not None:
            del self.fields["company"]
            self.initial["email"] = self.invitation.email
            self.fields["email"].disabled = True

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The second of two clicks finds the person that the first one made."""
        try:
            return self._try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            return self._try_save(request)

    def _try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # What takes longest of making a person: else the time would tell who is one already.
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            if self.invitation is not None:
                # The link was mailed there: whoever opened it reads that address.
                get_adapter().stash_verified_email(request, self.invitation.email)
            user = super().save(request)
            assert isinstance(user, User)
            if self.invitation is not None:
                sign_up.join_company(user, self.invitation)
            else:
                sign_up.found_company(user, name=self.cleaned_data["company"])
        return user


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=NAME_MAX,
        required=False,
        label="Your name",
        help_text="Other members of your company see it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=ApiKey._meta.get_field("name").max_length,
        label="Name",
        help_text="What uses it, so that you know later which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewKeyForm(KeyForm):
    """`key` is new on every page that shows the form: sent twice, it makes one key."""

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Please load this page again."),
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=ROLES, initial=Role.DEVELOPER, label="Role")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)
