"""What was paid to partners: recorded, never changed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from moneyed import get_currency

from accounts.admin import KeptAdmin, ModelForm
from accounts.ids import uuid7
from accounts.models import HOUSE_ID, User
from billing import partners
from billing.admin import shown as billing_shown
from billing.books import periods
from billing.errors import BillingError
from billing.models import PartnerPayout
from billing.models.packs import CURRENCIES
from ledger.admin import shown
from ledger.errors import LedgerError

_NEW = ["partner", "amount", "currency", "paid_on", "reference", "note", "beyond", "id"]
_SHOWN = [
    *("partner", "paid", "more", "paid_on", "reference", "note"),
    *("created_by", "created_at", "entry"),
]


class PayoutForm(ModelForm):
    """Sent twice it is one payout: the page has its id. Recorded while it is looked at, in the
    database transaction of the page."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    amount = forms.DecimalField(max_digits=14, decimal_places=3, min_value=Decimal("0.001"))
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES])
    paid_on = forms.DateField(widget=AdminDateWidget, help_text="A day of an open month.")
    beyond = forms.BooleanField(
        required=False,
        label="This may be more than is owed",
        help_text="An advance: what is beyond is set off against what they earn from now on.",
    )
    by: User | None = None

    class Meta:
        model = PartnerPayout
        fields = ("partner", "paid_on", "reference", "note")

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        if self.errors:
            return said
        try:
            self.instance = partners.record_payout(
                said["partner"],
                currency=said["currency"],
                amount=_minor(said["amount"], said["currency"]),
                paid_on=said["paid_on"],
                reference=said["reference"],
                note=said["note"],
                beyond=said["beyond"],
                by=self.by,
                id=said["id"],
            )
        except (BillingError, LedgerError) as refusal:
            raise ValidationError(refusal.detail) from refusal
        return said

    def _post_clean(self) -> None:
        """The row is made already."""


def _minor(amount: Decimal, currency: str) -> int:
    minor = amount * get_currency(currency).sub_unit
    if minor != int(minor):
        raise ValidationError(f"{currency} has no fractions of this size.")
    return int(minor)


@admin.register(PartnerPayout)
class PartnerPayoutAdmin(KeptAdmin):
    list_display = ["reference", "partner", "paid", "more", "paid_on", "created_by"]
    list_filter = ["partner"]
    list_select_related = ["partner", "created_by"]
    search_fields = ["reference", "partner__name", "partner__code"]
    ordering = ["-paid_on", "-created_at"]

    def get_form(
        self,
        request: HttpRequest,
        obj: PartnerPayout | None = None,
        change: bool = False,
        **more: Any,
    ) -> Any:
        if change:
            return super().get_form(request, obj, change=change, **more)
        fields = ("partner", "paid_on", "reference", "note")
        form = super().get_form(request, obj, change=change, form=PayoutForm, fields=fields)
        return type("PayoutForm", (form,), {"by": request.user})

    def get_fields(self, request: HttpRequest, obj: PartnerPayout | None = None) -> Any:
        return _SHOWN if obj else _NEW

    def get_readonly_fields(
        self, request: HttpRequest, obj: PartnerPayout | None = None
    ) -> list[str]:
        return _SHOWN if obj else []

    def has_change_permission(self, request: HttpRequest, obj: PartnerPayout | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        new = {"id": uuid7(), "paid_on": periods.today()}
        return new | super().get_changeform_initial_data(request)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> PartnerPayout:
        payout: PartnerPayout = form.instance
        return payout

    def save_model(self, request: HttpRequest, obj: PartnerPayout, form: Any, change: bool) -> None:
        """The form has."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is related."""

    @admin.display(description="amount")
    def paid(self, payout: PartnerPayout) -> SafeString:
        return billing_shown.money(payout.amount, payout.currency)

    @admin.display(description="beyond what was owed")
    def more(self, payout: PartnerPayout) -> SafeString:
        if not payout.beyond:
            return SafeString("-")
        return billing_shown.money(payout.beyond, payout.currency)

    @admin.display(description="transaction")
    def entry(self, payout: PartnerPayout) -> SafeString:
        return shown.transaction(HOUSE_ID, payout.transaction_id)
