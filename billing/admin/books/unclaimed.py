"""The register of unclaimed property: what the state may claim, and what became of it."""

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts import ids
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.models import UnclaimedProperty
from ledger.admin import shown
from ledger.ids import LOT


@admin.register(UnclaimedProperty)
class UnclaimedPropertyAdmin(BillingWindow):
    list_display = [
        *("lot", "of", "escheat_class", "value", "issued", "escheated_on", "dormant_on"),
        *("state", "settled_on", "reference"),
    ]
    list_filter = ["state", "escheat_class"]
    list_select_related = ["customer", "escheat_class"]
    id_columns = {ids.CUSTOMER: "customer_id", LOT: "lot_id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, lot_…"
    fields = [
        *("lot", "of", "escheat_class", "value", "issued", "escheated_on", "dormant_on"),
        *("state", "settled_on", "reference", "entry"),
    ]

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

    @admin.display(description="transaction")
    def entry(self, row: UnclaimedProperty) -> SafeString:
        return shown.transaction(row.transaction_id)
