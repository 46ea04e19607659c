"""What a person says of breakage: a rate, the curve of use, or a value."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db.models import TextChoices

from billing.books import cohorts, periods
from billing.books.cohorts import Cohort, last_day
from ledger import money
from ledger.errors import MalformedMoney

DATE_INPUT = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Kind(TextChoices):
    RATE = "rate", "A rate of what was sold"
    CURVE = "curve", "From the curve of use, capped at the constrained rate"
    REMOTE = "remote", "A value that is judged remote (W), of one cohort"


class EstimateForm(forms.Form):
    as_of = forms.DateField(
        label="As of",
        widget=DATE_INPUT,
        help_text="What happens after this day does not count for it, and it is posted on it.",
    )
    of = forms.ChoiceField(label="Cohort", required=False)
    kind = forms.ChoiceField(
        label="Estimate", choices=Kind, initial=Kind.RATE, widget=forms.RadioSelect
    )
    rate = forms.CharField(
        label="Rate, per cent",
        required=False,
        max_length=16,
        help_text="Of all that was sold, how much will never be used: 12.5",
    )
    remote = forms.CharField(
        label="Remote value",
        required=False,
        max_length=20,
        help_text="Of what is outstanding of the cohort, in its currency: 150.00",
    )
    note = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="What it is based on. It is kept with the version.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["as_of"].initial = self.initial_day()
        names = [name for name in _open() if not Cohort.read(name).escheat_class]
        choices = [("", "All open cohorts"), *((name, name) for name in names)]
        field = self.fields["of"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def initial_day(self) -> date:
        """The end of the month that is to be closed, else today."""
        month = periods.next_to_close()
        return last_day(month) if month else periods.today()

    def clean_as_of(self) -> date:
        day: date = self.cleaned_data["as_of"]
        closed = periods.closed_through()
        if day > periods.today():
            raise forms.ValidationError("That day is to come.")
        if closed is not None and day <= closed:
            first = closed + timedelta(days=1)
            raise forms.ValidationError(f"That day is in a closed month: from {first} on.")
        return day

    def clean_rate(self) -> Decimal | None:
        """As a part of one."""
        text = self.cleaned_data["rate"].strip().removesuffix("%").strip()
        if self.data.get("kind") != Kind.RATE:
            return None
        if not text:
            raise forms.ValidationError("Say which rate.")
        rate = _decimal(text) / 100
        if not 0 <= rate <= 1:
            raise forms.ValidationError("A rate is from 0 to 100 per cent.")
        return rate

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("kind") == Kind.REMOTE and "remote" in said and "of" in said:
            self._clean_remote(said)
        return said

    def _clean_remote(self, said: dict[str, Any]) -> None:
        """In minor units."""
        if not said["of"]:
            self.add_error("of", "A value is of one cohort: choose it.")
            return
        currency = Cohort.read(said["of"]).currency
        try:
            value = {"amount": said["remote"].strip(), "currency": currency}
            said["remote"] = money.parse(value).amount
        except MalformedMoney as refusal:
            self.add_error("remote", refusal.detail)


def _open() -> list[str]:
    return sorted(cohorts.open_at(periods.today()), reverse=True)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise forms.ValidationError("A rate is a number: 12.5") from None
    if not number.is_finite():
        raise forms.ValidationError("A rate is a number: 12.5")
    return number
