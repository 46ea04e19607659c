from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from billing.models import AlertBasis
from billing.models.alerts import COOL_DOWN_HOURS_MAX
from billing.portal import typed_credits

RECIPIENTS_MAX: Final = 10

_MOST: Final = {AlertBasis.PERCENT: 100, AlertBasis.DAYS: 365}
_WHOLE: Final = {
    AlertBasis.PERCENT: "Write a whole number of per cent, from 1 to 100.",
    AlertBasis.DAYS: "Write a whole number of days, from 1 to 365.",
}


class ThresholdForm(forms.Form):
    amount = forms.CharField(
        max_length=30,
        label="How many",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    basis = forms.ChoiceField(choices=AlertBasis.choices, label="Of what")

    def clean(self) -> None:
        amount, basis = self.cleaned_data.get("amount"), self.cleaned_data.get("basis")
        if amount and basis:
            try:
                self.cleaned_data["value"] = _value(amount, AlertBasis(basis))
            except ValueError as error:
                self.add_error("amount", str(error))


class AlertSettingsForm(forms.Form):
    enabled = forms.BooleanField(
        required=False, label="Alerts are on", help_text="Off, no threshold is watched."
    )
    by_email = forms.BooleanField(
        required=False,
        label="Send them by e-mail",
        help_text="To owners, and to those who do the billing.",
    )
    extra_recipients = forms.CharField(
        required=False,
        label="Also to",
        help_text=f"One address in a line, {RECIPIENTS_MAX} at most. Notices of credits that expire"
        " go there too.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    cool_down_hours = forms.IntegerField(
        min_value=0,
        max_value=COOL_DOWN_HOURS_MAX,
        label="Pause in hours",
        help_text="A threshold that is reached again within this time is not told again.",
    )

    weekly_digest = forms.BooleanField(
        required=False,
        label="A digest every Monday",
        help_text="What was used, bought and is left, by e-mail to owners.",
    )

    def clean_extra_recipients(self) -> list[str]:
        text: str = self.cleaned_data["extra_recipients"]
        emails = list(dict.fromkeys(text.replace(",", " ").lower().split()))
        if len(emails) > RECIPIENTS_MAX:
            raise ValidationError(f"These are {len(emails)}: {RECIPIENTS_MAX} are the most.")
        for email in emails:
            try:
                validate_email(email)
            except ValidationError:
                raise ValidationError(f"{email} is not an e-mail address.") from None
        return emails


def _value(text: str, basis: AlertBasis) -> int:
    """As it is kept. Raises ValueError, which says what to write."""
    if basis == AlertBasis.CREDITS:
        return typed_credits.parse(text)
    figures = text.removesuffix("%").strip()
    if not (figures.isascii() and figures.isdigit() and 1 <= int(figures) <= _MOST[basis]):
        raise ValueError(_WHOLE[basis])
    return int(figures)
