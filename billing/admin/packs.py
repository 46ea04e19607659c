from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from djmoney.money import Money

from accounts.admin import KeptAdmin, ModelForm
from billing.admin.shown import in_words
from billing.checkout import can_be_sold
from billing.models import Pack, PackPrice
from ledger import money, selectors
from ledger.admin import shown
from ledger.admin.rate_cards import CreditsField

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    TabularInline = admin.TabularInline
    InlineFormSet = forms.BaseInlineFormSet


class PriceForm(ModelForm):
    class Meta:
        model = PackPrice
        fields = ("price",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["price"] = _exact(self.instance.price)

    def clean_price(self) -> Money:
        """Of whole minor units, of which currencies have unlike many."""
        price: Money = self.cleaned_data["price"]
        if price.amount <= 0:
            raise ValidationError("A price is above zero.")
        if Decimal(price.get_amount_in_sub_unit()) / price.currency.sub_unit != price.amount:
            raise ValidationError(f"{price.currency} has no fractions of this size.")
        return price


def _exact(price: Money) -> Money:
    """With the decimal places of its currency."""
    code = price.currency.code
    return Money(money.show(price.get_amount_in_sub_unit(), code)["amount"], code)


class PriceFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms]
        prices = [form.cleaned_data.get("price") for form in kept if hasattr(form, "cleaned_data")]
        currencies = [price.currency for price in prices if price]
        if len(currencies) != len(set(currencies)):
            raise ValidationError("One price in each currency.")
        for form in kept:
            self._check_sale(form)

    def _check_sale(self, form: Any) -> None:
        pack, price = self.instance, getattr(form, "cleaned_data", {}).get("price")
        if pack.credits and price and not can_be_sold(pack, price.get_amount_in_sub_unit()):
            form.add_error(
                "price",
                "The bonus, which is valid for a time of its own, would take all of this price. "
                "Raise it, or make the bonus smaller or less likely to be used.",
            )


class PriceInline(TabularInline):
    model = PackPrice
    formset = PriceFormSet
    form = PriceForm
    extra = 0
    verbose_name = "price, net of tax"
    verbose_name_plural = "prices, net of tax: one in each currency"


class PackForm(ModelForm):
    class Meta:
        model = Pack
        fields = "__all__"

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        since, until = said.get("active_from"), said.get("active_until")
        if since and until and until <= since:
            self.add_error("active_until", "It ends before it begins.")
        if said.get("credits") == 0:
            self.add_error("credits", "A pack has credits.")
        for name in ("validity_days", "bonus_validity_days"):
            if said.get(name) == 0:
                self.add_error(name, "At least a day.")
        for name in ("expected_use_percent", "bonus_expected_use_percent"):
            if not 1 <= (said.get(name) or 1) <= 100 or said.get(name) == 0:
                self.add_error(name, "From 1 to 100.")
        return said


class OfferFilter(admin.SimpleListFilter):
    title = "whom it is offered to"
    parameter_name = "offered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("everybody", "Everybody"), ("one", "One customer")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(customer__isnull=self.value() == "everybody")


@admin.register(Pack)
class PackAdmin(KeptAdmin):
    """Purchases keep the pack as it was then: what changes here holds for those to come."""

    form = PackForm
    list_display = ["name", "code", "holds", "bonus", "validity", "costs", "offered", "sold"]
    list_filter = [OfferFilter]
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["name", "code", "customer__name"]
    ordering = ["credits", "code"]
    autocomplete_fields = ["customer"]
    list_select_related = ["customer"]
    inlines = [PriceInline]
    actions = ["end"]
    fieldsets = [
        (None, {"fields": ["name", "code", "credits", "validity_days", "family"]}),
        ("On sale", {"fields": ["active_from", "active_until", "customer"]}),
        (
            "Bonus",
            {
                "description": "A bonus with a validity of its own is a lot of its own. The price "
                "is then split by how much of each is expected to be used.",
                "fields": [
                    *("bonus_credits", "bonus_validity_days"),
                    *("expected_use_percent", "bonus_expected_use_percent"),
                ],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pack]:
        prices = Prefetch("prices", PackPrice.objects.order_by("price_currency"))
        return super().get_queryset(request).prefetch_related(prices)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = {"active_from": selectors.now().replace(microsecond=0)}
        return now | super().get_changeform_initial_data(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Pack | None = None) -> list[str]:
        """Links to the buy page name it by its code."""
        return ["code"] if obj else []

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name in ("credits", "bonus_credits"):
            initial = 0 if db_field.name == "bonus_credits" else None
            return CreditsField(label=db_field.name.replace("_", " ").capitalize(), initial=initial)
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description="credits")
    def holds(self, pack: Pack) -> SafeString:
        return shown.credits(pack.credits)

    @admin.display
    def bonus(self, pack: Pack) -> str:
        if not pack.bonus_credits:
            return "-"
        days = pack.bonus_validity_days
        return shown.number(pack.bonus_credits) + (f" for {days} days" if days else "")

    @admin.display(description="valid")
    def validity(self, pack: Pack) -> str:
        return f"{pack.validity_days} days"

    @admin.display(description="prices")
    def costs(self, pack: Pack) -> str:
        prices = [price.price for price in pack.prices.all()]
        told = [in_words(one.get_amount_in_sub_unit(), one.currency.code) for one in prices]
        return ", ".join(told) or "none"

    @admin.display(description="offered to")
    def offered(self, pack: Pack) -> str:
        return pack.customer.name if pack.customer else "everybody"

    @admin.display(description="on sale")
    def sold(self, pack: Pack) -> str:
        now = selectors.now()
        if pack.active_from > now:
            return f"from {shown.instant(pack.active_from)}"
        if pack.active_until is None:
            return "yes"
        if pack.active_until <= now:
            return "no more"
        return f"until {shown.instant(pack.active_until)}"

    @admin.action(description="End the sale", permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Pack]) -> None:
        now = selectors.now()
        begun = queryset.filter(active_from__lt=now).exclude(active_until__lte=now)
        ended = begun.update(active_until=now)
        self.message_user(request, f"{ended} are on sale no more.")
