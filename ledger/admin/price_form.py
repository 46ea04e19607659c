"""A price on staff's pages: credits a call, and a few units with their tiers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django import forms

from accounts.admin import ModelForm
from ledger.admin import price_text
from ledger.admin.credits import CreditsField
from ledger.errors import PriceMalformed
from ledger.models import Price, RateCard
from ledger.prices import price_checks, pricing, rate_cards
from ledger.prices.pricing import Unit

SLOTS: Final = range(1, price_checks.UNITS_MAX + 1)
# So many empty ones are offered beside those in use.
MORE: Final = 2
_MODES: Final = (
    ("flat", "Flat: each at the same price"),
    ("graduated", "Graduated: each at the price of the tier it falls in"),
    ("volume", "Volume: all of a call at the price of the tier that the month is in"),
)


def fields_of(slot: int) -> list[str]:
    names = ("name", "size", "mode", "amount", "tiers", "free")
    return [f"unit{slot}_{name}" for name in names]


def _slot(slot: int) -> Iterator[tuple[str, forms.Field]]:
    fields = (
        forms.SlugField(
            required=False,
            label="Unit",
            max_length=50,
            help_text="As calls name it: tokens, pages. “calls” counts calls. Empty: no unit.",
        ),
        forms.IntegerField(
            required=False, label="Priced per", min_value=1, initial=1, help_text="So many of it."
        ),
        forms.ChoiceField(required=False, label="How", choices=_MODES),
        CreditsField(required=False, label="Credits", help_text="Of a flat price, for so many."),
        forms.CharField(
            required=False,
            label="Tiers of a month",
            widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
            help_text=f"{price_text.HOW_TIERS_ARE_WRITTEN} They count what comes after the free "
            "ones.",
        ),
        forms.DecimalField(
            required=False,
            label="Free a month",
            min_value=0,
            max_digits=21,
            decimal_places=9,
            help_text="So many cost nothing.",
        ),
    )
    return zip(fields_of(slot), fields, strict=True)


class PriceFields(ModelForm):
    class Meta:
        model = Price
        fields = ("rate_card", "endpoint", "per_call", "minimum", "maximum")

    per_call = CreditsField(label="Credits per call", initial=0)
    minimum = CreditsField(
        required=False, label="At least", help_text="Credits of a call; what is free stays free."
    )
    maximum = CreditsField(required=False, label="At most", help_text="Credits of a call.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        card = self.fields.get("rate_card")
        if isinstance(card, forms.ModelChoiceField):
            card.queryset = RateCard.objects.filter(published_at=None)
        for slot, unit in enumerate(pricing.units_of(self.instance.units), 1):
            told = (
                *(unit.name, unit.size, unit.mode, unit.amount),
                *(price_text.write_tiers(unit.tiers), Decimal(unit.free)),
            )
            self.initial.update(zip(fields_of(slot), told, strict=True))

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        if self.errors:
            return said
        units = [unit for slot in SLOTS if (unit := self._unit(slot, said)) is not None]
        if not self.errors:
            self._check(units, said)
        return said

    def _unit(self, slot: int, said: dict[str, Any]) -> Unit | None:
        name, size, mode, amount, tiers, free = (said.get(field) for field in fields_of(slot))
        if not name:
            if amount or tiers or free:
                self.add_error(fields_of(slot)[0], "Name the unit that this is the price of.")
            return None
        if amount is None and not tiers and mode in ("", "flat", None):
            self.add_error(fields_of(slot)[3], "Fill in the price; 0 is a price.")
            return None
        try:
            found = price_text.read_tiers(tiers or "")
            unit = Unit(name, size or 1, amount or 0, f"{free or 0:f}", mode or "flat", found)
            return price_checks.checked_units([unit])[0]
        except PriceMalformed as wrong:
            of_tiers = bool(tiers) or mode in ("graduated", "volume")
            self.add_error(fields_of(slot)[4 if of_tiers else 0], wrong.detail)
            return None

    def _check(self, units: list[Unit], said: dict[str, Any]) -> None:
        bounds = {name: said.get(name) for name in ("minimum", "maximum")}
        try:
            rate_cards.checked(per_call=said["per_call"], units=units, **bounds)
        except PriceMalformed as wrong:
            self.add_error(None, wrong.detail)
        said["units"] = units


# Admin asks a form for its fields by name before there is a form.
PriceForm = type(
    "PriceForm", (PriceFields,), {name: field for slot in SLOTS for name, field in _slot(slot)}
)
