from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import KeptAdmin
from billing.models import TaxRate
from ledger import selectors


@admin.register(TaxRate)
class TaxRateAdmin(KeptAdmin):
    """A rate holds from its instant on, until another does. One that has begun stays as it is: what
    it was is history."""

    list_display = ["country", "region", "name", "rate", "effective_from", "in_force"]
    ordering = ["country", "region", "-effective_from"]
    search_fields = ["country", "region", "name"]
    fields = ["country", "region", "name", "percent", "effective_from"]

    def has_change_permission(self, request: HttpRequest, obj: TaxRate | None = None) -> bool:
        to_come = obj is None or obj.effective_from > selectors.now()
        return to_come and super().has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = {"effective_from": selectors.now().replace(microsecond=0)}
        return now | super().get_changeform_initial_data(request)

    @admin.display(description="per cent")
    def rate(self, rate: TaxRate) -> str:
        return f"{rate.percent.normalize():f}"

    @admin.display(boolean=True)
    def in_force(self, rate: TaxRate) -> bool:
        now = selectors.now()
        same = TaxRate.objects.filter(country=rate.country, region=rate.region)
        newest = same.filter(effective_from__lte=now).order_by("-effective_from").first()
        return newest == rate
