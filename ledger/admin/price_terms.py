"""Groups of customers, and by which cards single ones pay."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from accounts.admin import KeptAdmin, ModelForm
from ledger import selectors
from ledger.admin import shown
from ledger.errors import LedgerError
from ledger.models import PriceGroup, PriceTerms, RateCard
from ledger.prices import price_terms, rate_cards


@admin.register(PriceGroup)
class PriceGroupAdmin(KeptAdmin):
    list_display = ["name", "customers", "card"]
    ordering = ["name"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceGroup]:
        found: QuerySet[PriceGroup] = super().get_queryset(request)
        return found.annotate(number=Count("terms"))

    @admin.display
    def customers(self, group: Any) -> int:
        number: int = group.number
        return number

    @admin.display(description="pays by")
    def card(self, group: PriceGroup) -> str:
        return str(rate_cards.in_force(group, selectors.now()) or "no card")


class PriceTermsForm(ModelForm):
    class Meta:
        model = PriceTerms
        fields = ("customer", "group", "pinned_to", "pinned_until")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        card = self.fields.get("pinned_to")
        if isinstance(card, forms.ModelChoiceField):
            published = Q(published_at__isnull=False, customer=None)
            card.queryset = RateCard.objects.filter(published)

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        card, until = said.get("pinned_to"), said.get("pinned_until")
        if card is None and until is not None:
            self.add_error("pinned_until", "Say to which card, or leave this out.")
        elif card is not None and not self.errors and _pins(self):
            self._check(card, until)
        return said

    def _check(self, card: RateCard, until: Any) -> None:
        before = PriceTerms.objects.filter(pk=self.instance.pk).select_related("pinned_to").first()
        try:
            price_terms.check_pin(before, card, until)
        except LedgerError as refusal:
            self.add_error("pinned_to", refusal.detail)


def _pins(form: ModelForm) -> bool:
    """A pin that is over stands there until another takes its place."""
    return not {"pinned_to", "pinned_until"}.isdisjoint(form.changed_data)


@admin.register(PriceTerms)
class PriceTermsAdmin(KeptAdmin):
    form = PriceTermsForm
    list_display = ["customer", "group", "pin", "pays_by"]
    list_filter = ["group"]
    list_select_related = ["customer", "group", "pinned_to"]
    ordering = ["customer__name"]
    search_fields = ["customer__name", "customer__email", "group__name"]
    autocomplete_fields = ["customer"]

    def get_fieldsets(self, request: HttpRequest, obj: PriceTerms | None = None) -> Any:
        told = "No balance changes. Holds that are open keep the prices they were made with."
        pin = "The customer pays by this card whatever is published after it, until the pin ends."
        return [
            (None, {"fields": ["customer", "group"], "description": told}),
            ("Pinned to a card", {"fields": ["pinned_to", "pinned_until"], "description": pin}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: PriceTerms | None = None) -> list[str]:
        return ["customer"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: PriceTerms, form: ModelForm, change: bool
    ) -> None:
        price_terms.set_group(obj.customer, obj.group)
        if obj.pinned_to is None:
            price_terms.unpin(obj.customer)
        elif _pins(form):
            price_terms.pin(obj.customer, obj.pinned_to, until=obj.pinned_until)

    @admin.display(description="pinned to")
    def pin(self, terms: PriceTerms) -> str:
        if terms.pinned_to is None:
            return "-"
        until = terms.pinned_until
        if until is None:
            return f"{terms.pinned_to}, without an end"
        over = "" if price_terms.is_pinned(terms, selectors.now()) else " (over)"
        return f"{terms.pinned_to} until {shown.instant(until)} UTC{over}"

    @admin.display(description="pays by")
    def pays_by(self, terms: PriceTerms) -> str:
        override, base = selectors.standing(terms.customer_id, selectors.now())
        names = dict(RateCard.objects.filter(id__in=[override, base]).values_list("id", "name"))
        told = [names[id] for id in (override, base) if id is not None]
        return ", then ".join(told) or "no card"
