"""Credits that staff write."""

from decimal import Decimal
from typing import Any

from django import forms

from ledger import amounts

PLACES = 6


class CreditsField(forms.DecimalField):
    """Credits on the page, micro-credits in the row."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_digits=18, decimal_places=PLACES, **options)

    def prepare_value(self, value: Any) -> Any:
        return amounts.show(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        credits: Decimal | None = super().clean(value)
        return None if credits is None else int(credits * amounts.CREDIT)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
