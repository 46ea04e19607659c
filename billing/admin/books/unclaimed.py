"""The register of unclaimed property: what the state may claim, and what became of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from accounts import ids
from billing.admin import shown as billing_shown
from billing.admin.books import settling
from billing.admin.windows import BillingWindow
from billing.models import UnclaimedProperty, UnclaimedState
from ledger.admin import shown
from ledger.ids import LOT


@admin.register(UnclaimedProperty)
class UnclaimedPropertyAdmin(BillingWindow):
    change_form_template = "billing/admin/books/unclaimed.html"
    list_display = [
        *("lot", "of", "escheat_class", "value", "issued", "since", "due"),
        *("state", "settled", "reference"),
    ]
    list_filter = ["state", "escheat_class"]
    list_select_related = ["customer", "escheat_class"]
    id_columns = {ids.CUSTOMER: "customer_id", LOT: "lot_id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, lot_…"
    fields = [
        *("lot", "of", "escheat_class", "value", "issued", "since", "due"),
        *("state", "settled", "reference", "entry"),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.settle)
        return [
            path("<int:id>/<slug:verb>", view, name="billing_unclaimedproperty_settle"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: UnclaimedProperty | None = options.get("obj")
        is_held = row is not None and row.state == UnclaimedState.HELD
        context["may_settle"] = is_held and settling.is_allowed(request)
        return super().render_change_form(request, context, *args, **options)

    def settle(self, request: HttpRequest, id: int, verb: str) -> HttpResponse:
        return settling.page(request, id, verb, self.admin_site.each_context(request))

    @admin.display
    def lot(self, row: UnclaimedProperty) -> SafeString:
        page = shown.row_page("lot", row.customer_id, row.lot_id)
        return shown.link(page, shown.short(LOT, row.lot_id))

    @admin.display(description="customer")
    def of(self, row: UnclaimedProperty) -> SafeString:
        return shown.customer(row.customer)

    @admin.display(description="amount")
    def value(self, row: UnclaimedProperty) -> SafeString:
        return billing_shown.money(row.amount, row.currency)

    @admin.display(description="credits")
    def issued(self, row: UnclaimedProperty) -> SafeString:
        return shown.credits(row.credits)

    @admin.display(description="escheated")
    def since(self, row: UnclaimedProperty) -> str:
        return row.escheated_on.isoformat()

    @admin.display(description="to be reported")
    def due(self, row: UnclaimedProperty) -> str:
        return row.dormant_on.isoformat() if row.dormant_on else "-"

    @admin.display
    def settled(self, row: UnclaimedProperty) -> str:
        return row.settled_on.isoformat() if row.settled_on else "-"

    @admin.display(description="transaction")
    def entry(self, row: UnclaimedProperty) -> SafeString:
        return shown.transaction(row.customer_id, row.transaction_id)
