from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.admin import KeptAdmin, ModelForm
from ledger import amounts, rate_cards, selectors
from ledger.errors import LedgerError
from ledger.models import Endpoint, Price, RateCard

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline

PLACES = 6
EDITED = ("endpoint", "per_call", "quantity_name", "per_quantity", "quantity_size")
SHOWN = ("endpoint", "credits_per_call", "quantity_name", "credits_per_quantity", "quantity_size")


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


class PriceInline(TabularInline):
    model = Price
    extra = 0
    readonly_fields = ["credits_per_call", "credits_per_quantity"]

    def get_fields(self, request: HttpRequest, obj: RateCard | None = None) -> Any:
        return EDITED if _is_draft(obj) else SHOWN

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name in ("per_call", "per_quantity"):
            return CreditsField(initial=0)
        return super().formfield_for_dbfield(db_field, request, **options)

    def has_add_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="per call")
    def credits_per_call(self, price: Price) -> str:
        return amounts.show(price.per_call)

    @admin.display(description="per quantity")
    def credits_per_quantity(self, price: Price) -> str:
        return amounts.show(price.per_quantity)


@admin.register(RateCard)
class RateCardAdmin(KeptAdmin):
    """A card is edited until it is published."""

    list_display = ["name", "is_in_force", "effective_at", "published_at"]
    ordering = ["-effective_at"]
    search_fields = ["name"]
    fields = ["name", "effective_at", "published_at"]
    readonly_fields = ["published_at"]
    inlines = [PriceInline]
    actions = ["publish", "copy"]

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    @admin.display(description="in force", boolean=True)
    def is_in_force(self, card: RateCard) -> bool:
        return card == selectors.card_in_force()

    def save_model(
        self, request: HttpRequest, obj: RateCard, form: ModelForm, change: bool
    ) -> None:
        if change:
            rate_cards.locked_draft(obj)
        super().save_model(request, obj, form, change)

    @admin.action(description="Publish: from its date on it is in force", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[RateCard]) -> None:
        for card in queryset:
            try:
                rate_cards.publish(card)
            except LedgerError as refusal:
                self.message_user(request, refusal.detail, messages.ERROR)
            else:
                self.message_user(request, f"{card} is published.", messages.SUCCESS)

    @admin.action(description="Copy to a new draft", permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[RateCard]) -> HttpResponse:
        drafts = [rate_cards.copy_card(card) for card in queryset]
        return redirect("admin:ledger_ratecard_change", drafts[-1].pk)


@admin.register(Endpoint)
class EndpointAdmin(KeptAdmin):
    list_display = ["code", "name", "method", "path_template", "bills_client_errors"]
    ordering = ["code"]
    search_fields = ["code", "name", "path_template"]

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:
        """Answers that were given name it by its code."""
        return ["code"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: Endpoint, form: ModelForm, change: bool
    ) -> None:
        rate_cards.save_endpoint(obj)


def _is_draft(card: RateCard | None) -> bool:
    return card is None or card.published_at is None
