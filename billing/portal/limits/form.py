from typing import Any, Final

from django import forms

from accounts import ids
from accounts.errors import InvalidRequest
from accounts.models import Customer
from billing.portal import typed_credits
from ledger import amounts
from ledger.for_accounts import endpoint_codes_sold_to
from ledger.limits import Limit
from ledger.limits import in_words as limits_in_words
from ledger.limits import written as limits_written
from ledger.limits.written import GivenLimit

_CREDITS: Final = {"inputmode": "decimal", "autocomplete": "off"}
_PERIODS: Final = [("day", "A day"), ("month", "A month"), ("lifetime", "In all")]


class LimitForm(forms.Form):
    """A cap of the company's own."""

    whose = forms.ChoiceField(label="For")
    period = forms.ChoiceField(choices=_PERIODS, label="In")
    hard = forms.CharField(
        required=False,
        max_length=30,
        label="Refuse above",
        help_text="Credits. A call that would pass them is refused.",
        widget=forms.TextInput(attrs=_CREDITS),
    )
    soft = forms.CharField(
        required=False,
        max_length=30,
        label="Tell me from",
        help_text="Credits. You are told once a period, and nothing is refused.",
        widget=forms.TextInput(attrs=_CREDITS),
    )

    def __init__(self, customer: Customer, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._customer = customer
        self.fields["whose"] = forms.ChoiceField(label="For", choices=_whose(customer))
        self.order_fields(["whose", "period", "hard", "soft"])

    def clean_hard(self) -> str | None:
        return self._credits("hard")

    def clean_soft(self) -> str | None:
        return self._credits("soft")

    def clean(self) -> None:
        if self.errors:
            return
        scope, _, subject = self.cleaned_data["whose"].partition(":")
        given = GivenLimit(
            kind="spend",
            scope=scope,
            subject=subject or None,
            period=self.cleaned_data["period"],
            hard=self.cleaned_data["hard"],
            soft=self.cleaned_data["soft"],
        )
        try:
            (self.cleaned_data["limit"],) = limits_written.read(self._customer.id, [given])
        except InvalidRequest as refusal:
            for error in refusal.members["errors"]:
                field = error["field"].rpartition(".")[2]
                self.add_error(field if field in self.fields else None, error["detail"])

    @property
    def limit(self) -> Limit:
        limit: Limit = self.cleaned_data["limit"]
        return limit

    def _credits(self, name: str) -> str | None:
        typed = self.cleaned_data[name].strip()
        if not typed:
            return None
        try:
            return amounts.show(typed_credits.parse(typed))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def _whose(customer: Customer) -> list[tuple[str, str]]:
    keys = [
        (f"key:{ids.encode(ids.KEY, key.id)}", f"Key {key.name or key.prefix}")
        for key in limits_in_words.keys_of(customer)
    ]
    codes = endpoint_codes_sold_to(customer.id)
    endpoints = [(f"endpoint:{code}", f"Endpoint {code}") for code in codes]
    return [("customer:", "The company"), ("key:", "Each key"), *keys, *endpoints]
