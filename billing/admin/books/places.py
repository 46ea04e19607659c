"""Escheat classes and exchange rates: lists like others, kept as all here is."""

from typing import Any

from django.contrib import admin

from accounts.admin import KeptAdmin, ModelForm
from billing.models import EscheatClass, ExchangeRate


class CapitalsForm(ModelForm):
    """Codes of ISO are written in capitals."""

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        for name in ("country", "region", "currency", "to"):
            if isinstance(said.get(name), str):
                said[name] = said[name].strip().upper()
        return said


@admin.register(EscheatClass)
class EscheatClassAdmin(KeptAdmin):
    """Lots keep the code of theirs, so it stays as it was made."""

    form = CapitalsForm
    list_display = ["name", "code", "country", "region", "dormancy_days"]
    search_fields = ["name", "code", "country", "region"]
    ordering = ["country", "region"]
    fields = ["name", "code", "country", "region", "dormancy_days"]

    def get_readonly_fields(self, request: Any, obj: EscheatClass | None = None) -> list[str]:
        return ["code"] if obj else []


@admin.register(ExchangeRate)
class ExchangeRateAdmin(KeptAdmin):
    form = CapitalsForm
    list_display = ["currency", "to", "day", "rate"]
    list_filter = ["currency", "to"]
    search_fields = ["currency", "to"]
    date_hierarchy = "day"
    ordering = ["-day", "currency", "to"]
    fields = ["currency", "to", "day", "rate"]

    def get_readonly_fields(self, request: Any, obj: ExchangeRate | None = None) -> list[str]:
        """Another day's is another row: the limits of adjustments look at what a rate was."""
        return ["currency", "to", "day"] if obj else []
