"""How much each role may do alone: administrators change it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin import KeptAdmin, ModelForm
from billing.models import AdjustmentLimit, Policy
from ledger.admin import shown
from ledger.admin.credits import CreditsField


class LimitForm(ModelForm):
    credits = CreditsField(help_text="For one customer within 24 hours, of one person.")

    class Meta:
        model = AdjustmentLimit
        fields = ("credits", "money")


@admin.register(AdjustmentLimit)
class AdjustmentLimitAdmin(KeptAdmin):
    form = LimitForm
    fields = ["role", "credits", "money"]
    readonly_fields = ["role"]
    list_display = ["role", "alone", "worth"]
    ordering = ["role"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A role without one may do nothing alone."""
        return False

    @admin.display(description="credits")
    def alone(self, limit: AdjustmentLimit) -> SafeString:
        return shown.credits(limit.credits)

    @admin.display(description="money")
    def worth(self, limit: AdjustmentLimit) -> str:
        return f"{limit.money:,.2f} {Policy.current().functional_currency}"
