from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from billing import document_numbers
from billing.admin import panel, refunding
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow, ProviderFilter
from billing.models import Dispute, DisputeState, Document, Payment, Purchase, PurchaseState
from billing.models.payments import REFUND
from billing.models.purchases import PURCHASE
from ledger.admin import shown


class ReturnedFilter(admin.SimpleListFilter):
    title = "money back"
    parameter_name = "returned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("disputed", "In dispute"), ("refunded", "Refunded")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "disputed":
            open_ones = Dispute.objects.filter(state=DisputeState.OPEN)
            return queryset.filter(id__in=open_ones.values("payment_id"))
        return queryset.filter(payment__refunded__gt=0) if self.value() else queryset


@admin.register(Purchase)
class PurchaseAdmin(BillingWindow):
    """To be looked at, and refunded."""

    change_form_template = "billing/admin/purchase.html"
    list_display = [
        *("short_name", "of", "description", "issued", "value", "state", "given_back"),
        "made",
    ]
    list_filter = ["state", ReturnedFilter, ProviderFilter]
    list_select_related = ["customer", "payment"]
    id_columns = {**BillingWindow.id_columns, PURCHASE: "id", REFUND: "payment__refunds__id"}
    search_help_text = (
        "A customer's name, e-mail or external id; cus_…, pur_…, ref_…, R-000001, C-000001; "
        "a provider's id of the checkout or the payment"
    )
    fields = [
        *("name", "of", "state", "reason", "description", "issued", "bonus", "validity", "price"),
        *("tax_due", "value", "provider", "provider_ref", "by", "created_at", "expires_at"),
        "paid_at",
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refund)
        return [path("<uuid:id>/refund", view, name="billing_purchase_refund"), *super().get_urls()]

    def refund(self, request: HttpRequest, id: Any) -> HttpResponse:
        return refunding.page(request, id, self.admin_site.each_context(request))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Purchase | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["panel"] = panel.of(obj)
            is_paid = obj.state == PurchaseState.PAID
            context["may_refund"] = is_paid and refunding.is_allowed(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def called(self, term: str) -> Q | None:
        number = document_numbers.read(term)
        if number:
            found = Document.objects.filter(**number._asdict())
            return Q(id__in=list(found.values_list("purchase_id", flat=True)))
        of_provider = {"provider__in": settings.PAYMENT_PROVIDERS, "provider_ref": term}
        paid = Payment.objects.filter(**of_provider).values_list("purchase_id", flat=True)
        made = Purchase.objects.filter(**of_provider).values_list("id", flat=True)
        ids = [*paid, *made]
        return Q(id__in=ids) if ids else None

    @admin.display(description="purchase")
    def name(self, purchase: Purchase) -> str:
        return purchase.name

    @admin.display(description="purchase")
    def short_name(self, purchase: Purchase) -> SafeString:
        return shown.short(PURCHASE, purchase.id)

    @admin.display(description="customer")
    def of(self, purchase: Purchase) -> SafeString:
        return shown.customer(purchase.customer)

    @admin.display(description="credits")
    def issued(self, purchase: Purchase) -> SafeString:
        return shown.credits(purchase.credits)

    @admin.display
    def bonus(self, purchase: Purchase) -> str:
        if not purchase.bonus_credits:
            return "-"
        days = purchase.bonus_validity_days
        return shown.number(purchase.bonus_credits) + (f" for {days} days" if days else "")

    @admin.display(description="valid")
    def validity(self, purchase: Purchase) -> str:
        return f"{purchase.validity_days} days"

    @admin.display(description="net")
    def price(self, purchase: Purchase) -> str:
        return billing_shown.in_words(purchase.net, purchase.currency)

    @admin.display(description="tax")
    def tax_due(self, purchase: Purchase) -> str:
        told = billing_shown.in_words(purchase.tax, purchase.currency)
        if purchase.tax_by_provider:
            return f"{told}, by the provider"
        if not purchase.tax_name:
            return told
        place = f"{purchase.tax_country} {purchase.tax_region}".strip()
        return f"{told}, {purchase.tax_name} {purchase.tax_percent.normalize():f} % ({place})"

    @admin.display(description="total")
    def value(self, purchase: Purchase) -> SafeString:
        return billing_shown.money(purchase.total, purchase.currency)

    @admin.display(description="given back")
    def given_back(self, purchase: Purchase) -> str:
        payment = getattr(purchase, "payment", None)
        if payment is None or not payment.returned:
            return "-"
        told = billing_shown.plain(payment.returned, purchase.currency)
        return f"{told}, in dispute" if payment.disputed else told

    @admin.display(description="made by")
    def by(self, purchase: Purchase) -> str:
        return purchase.made_by.email if purchase.made_by else "-"

    @admin.display
    def made(self, purchase: Purchase) -> str:
        return shown.instant(purchase.created_at)
