from typing import Final

from babel import Locale
from django import forms

from billing.models import BillingProfile
from billing.portal import typed_credits

# What the list of territories has beside countries.
_NO_COUNTRIES: Final = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
COUNTRIES: Final = sorted(
    (
        (code, name)
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    ),
    key=lambda country: country[1],
)


class OrderForm(forms.Form):
    """One pack. `key` is new on every page that shows the form: sent twice, it is one purchase."""

    pack = forms.SlugField()
    currency = forms.CharField(max_length=3)
    key = forms.UUIDField()
    save_card = forms.BooleanField(required=False)


class ProfileForm(forms.ModelForm[BillingProfile]):
    country = forms.ChoiceField(
        choices=[("", "Choose"), *COUNTRIES],
        help_text="Tax is due there.",
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )

    class Meta:
        model = BillingProfile
        fields = (
            "name",
            "line1",
            "line2",
            "postal_code",
            "city",
            "region",
            "country",
            "tax_id",
        )
        labels = {
            "name": "Company",
            "line1": "Address",
            "line2": "Address, second line",
            "region": "State or region",
            "tax_id": "Tax id",
        }
        help_texts = {
            "region": "Its code, as in CA, where tax depends on it.",
            "tax_id": "Your VAT number or the like. It is printed on receipts.",
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "tax_id": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).upper()


class RefundForm(forms.Form):
    """All unused credits of a purchase, or some."""

    WHOLE, PART = "whole", "part"

    how = forms.ChoiceField(choices=[(WHOLE, "All"), (PART, "Some")], initial=WHOLE)
    credits = forms.CharField(
        required=False,
        max_length=30,
        label="How many",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def clean(self) -> None:
        if self.cleaned_data.get("how") == self.PART:
            self.cleaned_data["amount"] = self._amount()

    def _amount(self) -> int | None:
        """Micro-credits."""
        try:
            return typed_credits.parse(self.cleaned_data.get("credits", ""))
        except ValueError as error:
            self.add_error("credits", str(error))
            return None


class RefundOrderForm(RefundForm):
    """`key` is new on every page that shows the form: sent twice, it is one refund."""

    # As the preview says it: only what was seen is done.
    seen = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False, max_length=500, label="Why", widget=forms.Textarea(attrs={"rows": 2})
    )
