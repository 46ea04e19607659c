from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts import ids
from ledger import money
from ledger.admin import shown
from ledger.admin.windows import WindowAdmin
from ledger.ids import LOT, RESERVATION, TRANSACTION
from ledger.models import Transfer


class UnitFilter(admin.SimpleListFilter):
    """Django's own would go through all of history for what there is."""

    title = "unit"
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("credits", "Credits"), ("money", "Money")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "credits":
            return queryset.filter(unit=money.CREDITS)
        return queryset.exclude(unit=money.CREDITS) if self.value() == "money" else queryset


@admin.register(Transfer)
class TransferAdmin(WindowAdmin):
    list_display = [
        *("short_name", "of", "version", "kind", "debit", "credit", "value", "unit"),
        *("posted", "actor", "reason"),
    ]
    list_filter = [UnitFilter]
    id_columns = {
        **WindowAdmin.id_columns,
        LOT: "lot_id",
        TRANSACTION: "transaction_id",
        RESERVATION: "reservation_id",
    }
    fields = [
        *("transaction", "of", "version", "kind", "debit", "credit", "value", "unit"),
        *("balance_then", "lot", "reservation", "document", "cohort", "reversed_transaction"),
        *("actor", "reason", "posted_at", "effective_at"),
    ]

    @admin.display(description="transaction")
    def short_name(self, transfer: Transfer) -> SafeString:
        return shown.short(TRANSACTION, transfer.transaction_id)

    @admin.display(description="customer")
    def of(self, transfer: Transfer) -> SafeString:
        return shown.customer(transfer.customer)

    @admin.display(description="amount")
    def value(self, transfer: Transfer) -> SafeString:
        return shown.in_unit(transfer.amount, transfer.unit)

    @admin.display
    def posted(self, transfer: Transfer) -> str:
        return shown.instant(transfer.posted_at)

    @admin.display
    def transaction(self, transfer: Transfer) -> SafeString:
        return shown.transaction(transfer.transaction_id)

    @admin.display(description="balance after")
    def balance_then(self, transfer: Transfer) -> SafeString:
        return shown.credits(transfer.balance_after)

    @admin.display
    def lot(self, transfer: Transfer) -> SafeString:
        if transfer.lot_id is None:
            return SafeString("-")
        to = shown.row_page("lot", transfer.customer_id, transfer.lot_id)
        return shown.link(to, ids.encode(LOT, transfer.lot_id))

    @admin.display
    def reservation(self, transfer: Transfer) -> SafeString:
        if transfer.reservation_id is None:
            return SafeString("-")
        to = shown.row_page("reservation", transfer.customer_id, transfer.reservation_id)
        return shown.link(to, f"rsv_…{transfer.reservation_id.hex}")

    @admin.display(description="reverses")
    def reversed_transaction(self, transfer: Transfer) -> SafeString:
        return shown.transaction(transfer.reverses)
