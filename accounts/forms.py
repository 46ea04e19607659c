from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from accounts import sign_up
from accounts.limits_of_keys import NETWORKS_MAX, endpoint_codes_sold_to, networks
from accounts.models import ApiKey, Customer, Invitation, Role, User
from accounts.plain_forms import Plain, make_plain
from accounts.services import KeyFields
from accounts.validators import offered_time_zones

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
    """A key's name and limits. Days are the company's."""

    name = forms.CharField(
        max_length=ApiKey._meta.get_field("name").max_length,
        label="Name",
        help_text="What uses it, so that you know later which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    endpoints = forms.MultipleChoiceField(
        required=False,
        label="Only these endpoints",
        help_text="With none of them, the key pays for all.",
        widget=forms.CheckboxSelectMultiple,
    )
    networks = forms.CharField(
        required=False,
        max_length=NETWORKS_MAX * 50,
        label="Only from these networks",
        help_text="One a line, such as 203.0.113.0/24, 198.51.100.7 or 2001:db8::/32. With none of"
        " them, from anywhere.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    last_day = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, customer: Customer, *args: Any, key: ApiKey | None = None, **options: Any):
        self._customer, self._key = customer, key
        options["initial"] = {
            **(_limits(key, customer) if key else {}),
            **options.get("initial", {}),
        }
        super().__init__(*args, **options)
        known = endpoint_codes_sold_to(customer.id)
        of_key = (key.endpoints or []) if key else []
        choices = [(code, code) for code in sorted({*known, *of_key})]
        cast("forms.MultipleChoiceField", self.fields["endpoints"]).choices = choices
        if not known and not of_key:
            del self.fields["endpoints"]
        self.fields[
            "last_day"
        ].help_text = (
            f"It works until the end of this day in {customer.time_zone}, and for ever without one."
        )

    def clean_networks(self) -> list[str]:
        return networks(self.cleaned_data["networks"].split())

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if (
            day
            and "last_day" in self.changed_data
            and _end_of(day, self._customer) < timezone.now()
        ):
            raise ValidationError("This day is over.")
        return day

    def wanted(self) -> KeyFields:
        """As services take it. An end that was not changed keeps its very second."""
        given = self.cleaned_data
        day, keeps = given["last_day"], self._key and "last_day" not in self.changed_data
        return {
            "name": given["name"],
            "endpoints": sorted(given.get("endpoints", [])) or None,
            "networks": given["networks"],
            "expires_at": self._key.expires_at
            if self._key and keeps
            else day and _end_of(day, self._customer),
        }


def _limits(key: ApiKey, customer: Customer) -> dict[str, Any]:
    ends_at = key.expires_at and key.expires_at - timedelta(microseconds=1)
    return {
        "name": key.name,
        "endpoints": key.endpoints or [],
        "networks": "\n".join(key.networks),
        "last_day": ends_at and ends_at.astimezone(ZoneInfo(customer.time_zone)).date(),
    }


def _end_of(day: date, customer: Customer) -> datetime:
    """When the next one begins there, also where a clock is put forward at midnight."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(customer.time_zone))


class NewKeyForm(KeyForm):
    """`key` is new on every page that shows the form: sent twice, it makes one key."""

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Please load this page again."),
    )


class RotationForm(forms.Form):
    """`key` is the new one's."""

    overlap = forms.TypedChoiceField(
        choices=[
            (0, "Not at all: it is revoked at once"),
            (1, "For an hour"),
            (24, "For a day"),
            (168, "For a week"),
        ],
        initial=24,
        coerce=int,
        label="The old key works on",
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class CompanyForm(forms.Form):
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Where your days and months begin: for limits by day or month, and for the last"
        " day of a key. What has begun keeps its beginning.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered, now = offered_time_zones(), self.initial.get("time_zone", "UTC")
        # One with an older name keeps it until another is chosen.
        names = offered if now in offered else [now, *offered]
        choices = [(name, name) for name in names]
        cast("forms.ChoiceField", self.fields["time_zone"]).choices = choices


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=ROLES, initial=Role.DEVELOPER, label="Role")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)
