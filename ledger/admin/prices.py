"""A price's own page: what a call of one endpoint costs on one card."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.admin import KeptAdmin, ModelForm
from ledger import selectors
from ledger.admin import price_text, shown
from ledger.admin.price_form import MORE, SLOTS, PriceForm, fields_of
from ledger.models import Price
from ledger.prices import rate_cards

Fieldset = tuple[str | None, dict[str, Any]]


@admin.register(Price)
class PriceAdmin(KeptAdmin):
    form = PriceForm
    list_display = ["endpoint", "of", "told"]
    list_filter = ["rate_card"]
    ordering = ["-rate_card__effective_at", "endpoint__code"]
    search_fields = ["endpoint__code", "endpoint__name", "rate_card__name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Price]:
        found: QuerySet[Price] = super().get_queryset(request)
        return found.select_related("endpoint", "rate_card")

    def get_fieldsets(self, request: HttpRequest, obj: Price | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["endpoint", "of", "told"]})]
        card = "of" if obj else "rate_card"
        used = len(obj.units) if obj else 0
        priced = [card, "endpoint", "per_call", "minimum", "maximum"]
        return [(None, {"fields": priced}), *map(_of_slot, SLOTS[: used + MORE])]

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:
        return ["of", "told", "endpoint"] if obj else ["of", "told"]

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        is_draft = obj is None or obj.rate_card.published_at is None
        return is_draft and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Price, form: ModelForm, change: bool) -> None:
        said = form.cleaned_data
        bounds = {name: said[name] for name in ("per_call", "minimum", "maximum")}
        kept = rate_cards.set_price(obj.rate_card, obj.endpoint, units=said["units"], **bounds)
        obj.pk = kept.pk

    def response_post_save_add(self, request: HttpRequest, obj: Price) -> HttpResponseRedirect:
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Price) -> HttpResponseRedirect:
        """Back to the card with all its prices."""
        return redirect("admin:ledger_ratecard_change", obj.rate_card_id)

    @admin.display(description="rate card", ordering="rate_card__name")
    def of(self, price: Price) -> SafeString:
        page = reverse("admin:ledger_ratecard_change", args=[price.rate_card_id])
        return shown.link(page, price.rate_card)

    @admin.display(description="credits")
    def told(self, price: Price) -> str:
        return price_text.in_words(selectors.priced(price))


def _of_slot(slot: int) -> Fieldset:
    name, size, mode, amount, tiers, free = fields_of(slot)
    return (f"Unit {slot}", {"fields": [(name, size), (mode, amount), tiers, free]})
