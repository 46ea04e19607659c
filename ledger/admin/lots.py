from django.contrib import admin
from django.utils.safestring import SafeString

from accounts import ids
from ledger.admin import shown
from ledger.admin.windows import WindowAdmin
from ledger.ids import LOT
from ledger.models import Lot


@admin.register(Lot)
class LotAdmin(WindowAdmin):
    list_display = [
        *("short_name", "of", "kind", "bought_for", "issued", "left", "on_hold", "kept"),
        *("expires", "made"),
    ]
    list_filter = ["kind", "open"]
    id_columns = {**WindowAdmin.id_columns, LOT: "id"}
    fields = [
        *("name", "of", "kind", "seq", "priority", "bought_for", "issued", "left", "on_hold"),
        *("kept", "open", "issued_at", "expires_at", "refundable_until", "cohort"),
        *("escheat_class", "document", "reason"),
    ]

    @admin.display(description="lot")
    def name(self, lot: Lot) -> str:
        return ids.encode(LOT, lot.id)

    @admin.display(description="lot")
    def short_name(self, lot: Lot) -> SafeString:
        return shown.short(LOT, lot.id)

    @admin.display(description="customer")
    def of(self, lot: Lot) -> SafeString:
        return shown.customer(lot.customer)

    @admin.display(description="price")
    def bought_for(self, lot: Lot) -> str:
        return shown.price(lot)

    @admin.display
    def issued(self, lot: Lot) -> SafeString:
        return shown.credits(lot.units)

    @admin.display
    def expires(self, lot: Lot) -> str:
        return shown.instant(lot.expires_at)

    @admin.display(description="issued at")
    def made(self, lot: Lot) -> str:
        return shown.instant(lot.issued_at)

    @admin.display
    def left(self, lot: Lot) -> SafeString:
        return shown.credits(lot.remaining)

    @admin.display(description="held")
    def on_hold(self, lot: Lot) -> SafeString:
        return shown.credits(lot.held)

    @admin.display(description="frozen")
    def kept(self, lot: Lot) -> SafeString:
        return shown.credits(lot.frozen)
