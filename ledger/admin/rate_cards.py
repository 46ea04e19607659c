"""Rate cards with their prices, and what is billed of an endpoint's price."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from accounts.admin import KeptAdmin, ModelForm
from ledger import selectors
from ledger.admin import card_steps, price_text, shown
from ledger.admin.credits import PLACES, CreditsField
from ledger.models import Endpoint, Price, RateCard
from ledger.prices import rate_cards

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline

__all__ = ["PLACES", "CreditsField"]

Step = Callable[[HttpRequest, RateCard, dict[str, Any]], HttpResponse]


class PriceInline(TabularInline):
    """So much a call is written here; what else a price has, on its own page."""

    model = Price
    extra = 0
    readonly_fields = ["told"]

    def get_fields(self, request: HttpRequest, obj: RateCard | None = None) -> Any:
        return ("endpoint", "per_call", "told") if _is_draft(obj) else ("endpoint", "told")

    def get_extra(self, request: HttpRequest, obj: RateCard | None = None, **options: Any) -> int:
        return len(_open(obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Price]:
        found = super().get_queryset(request).select_related("endpoint", "rate_card")
        return found.order_by("endpoint__code")

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "per_call":
            return CreditsField(initial=0, label="Credits per call")
        return super().formfield_for_dbfield(db_field, request, **options)

    def has_add_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="all of it, in credits")
    def told(self, price: Price) -> SafeString:
        """The way to its own page, too."""
        if not price.pk:
            return SafeString("-")
        page = reverse("admin:ledger_price_change", args=[price.pk])
        return shown.link(page, price_text.in_words(selectors.priced(price)))


@admin.register(RateCard)
class RateCardAdmin(KeptAdmin):
    """A card is edited until it is published."""

    change_form_template = "ledger/admin/rate_card.html"
    list_display = ["name", "whose", "standing", "effective_at", "published_at", "retired_at"]
    list_select_related = ["group", "customer"]
    list_filter = ["group"]
    ordering = ["-effective_at"]
    search_fields = ["name", "group__name", "customer__name"]
    autocomplete_fields = ["customer"]
    fields = ["name", "group", "customer", "effective_at", "published_at", "retired_at"]
    readonly_fields = ["published_at", "retired_at"]
    inlines = [PriceInline]
    actions = ["publish", "copy"]

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        steps: list[tuple[str, Step, str]] = [
            ("publish", card_steps.publish, "ledger.change_ratecard"),
            ("retire", card_steps.retire, "ledger.change_ratecard"),
            ("copy", card_steps.copy, "ledger.add_ratecard"),
        ]
        return [*(self._url(*step) for step in steps), *super().get_urls()]

    def _url(self, name: str, step: Step, permission: str) -> URLPattern:
        def view(request: HttpRequest, id: int) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            card = RateCard.objects.filter(id=id).select_related("group", "customer").first()
            if card is None:
                raise Http404
            return step(request, card, self.admin_site.each_context(request))

        url = self.admin_site.admin_view(view)
        return path(f"<int:id>/{name}", url, name=f"ledger_ratecard_{name}")

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: RateCard | None = None,
    ) -> HttpResponse:
        context["steps"] = _steps(request, obj) if obj else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_formset_kwargs(
        self, request: HttpRequest, obj: RateCard, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Lines to be filled in are there already, without a price."""
        given: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, PriceInline):
            given["initial"] = [{"endpoint": one, "per_call": None} for one in _open(obj)]
        return given

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rate_cards.forget_filled(form.instance)

    @admin.display(description="of")
    def whose(self, card: RateCard) -> str:
        if card.customer:
            return f"{card.customer} only"
        return f"group {card.group}" if card.group else "everyone"

    @admin.display(description="now")
    def standing(self, card: RateCard) -> str:
        if card.published_at is None:
            return "draft"
        if card.retired_at is not None:
            return "retired"
        now = selectors.now()
        if card.effective_at > now:
            return "published, to come"
        return "in force" if rate_cards.is_in_force(card, now) else "replaced"

    def save_model(
        self, request: HttpRequest, obj: RateCard, form: ModelForm, change: bool
    ) -> None:
        if change:
            rate_cards.locked_draft(obj)
        super().save_model(request, obj, form, change)

    @admin.action(description="Publish: first see what it changes", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[RateCard]) -> HttpResponse:
        return redirect("admin:ledger_ratecard_publish", queryset.latest("id").pk)

    @admin.action(description="Copy to a new draft", permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[RateCard]) -> HttpResponse:
        return redirect("admin:ledger_ratecard_copy", queryset.latest("id").pk)


@admin.register(Endpoint)
class EndpointAdmin(KeptAdmin):
    list_display = ["code", "name", "method", "path_template", "billed"]
    ordering = ["code"]
    search_fields = ["code", "name", "path_template"]
    fieldsets = [
        (None, {"fields": ["code", "name", "method", "path_template"]}),
        (
            "What is billed, in per cent of the price, by how a call ended",
            {
                "fields": [
                    *("billed_success", "billed_client_error", "billed_server_error"),
                    *("billed_timeout", "billed_partial"),
                ],
                "description": "It holds for commits from now on that tell an outcome or a status "
                "code.",
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:
        """Answers that were given name it by its code."""
        return ["code"] if obj else []

    @admin.display(description="billed, in per cent")
    def billed(self, endpoint: Endpoint) -> str:
        told = selectors.billed(endpoint)._asdict().items()
        return ", ".join(f"{name.replace('_', ' ')} {share}" for name, share in told if share)

    def save_model(
        self, request: HttpRequest, obj: Endpoint, form: ModelForm, change: bool
    ) -> None:
        rate_cards.save_endpoint(obj)


def _open(card: RateCard | None) -> list[Endpoint]:
    return rate_cards.open_endpoints(card) if card and card.pk and _is_draft(card) else []


def _is_draft(card: RateCard | None) -> bool:
    return card is None or card.published_at is None


def _steps(request: HttpRequest, card: RateCard) -> list[tuple[str, str]]:
    """What may be done with it now."""
    found = []
    may_change = request.user.has_perm("ledger.change_ratecard")
    if may_change and card.published_at is None:
        found.append(("Publish", "publish"))
    if may_change and card.published_at is not None and card.retired_at is None:
        found.append(("Retire", "retire"))
    if request.user.has_perm("ledger.add_ratecard"):
        found.append(("Copy", "copy"))
    steps = [(name, reverse(f"admin:ledger_ratecard_{url}", args=[card.pk])) for name, url in found]
    if may_change and card.published_at is None and card.pk:
        page = f"{reverse('admin:ledger_price_add')}?rate_card={card.pk}"
        steps.insert(0, ("Add a price", page))
    return steps
