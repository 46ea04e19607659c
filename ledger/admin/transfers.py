from typing import Any, Final

from django.contrib import admin
from django.utils.safestring import SafeString

from ledger.admin import files, shown
from ledger.admin.history import CUSTOMER, DAYS, ENDPOINT, KEY, Field, HistoryAdmin
from ledger.ids import TRANSACTION
from ledger.models import Transfer
from ledger.windows.transfers import TRANSFERS

# Some that there are. Whoever posts money may call it otherwise.
KINDS: Final = (
    *("grant", "commit", "expire", "reverse", "usage", "usage-back", "reinstate", "restore"),
    *("move", "void", "forfeit", "refund", "dispute", "escheat", "breakage", "concession"),
)
KIND: Final = Field("kind", "Kind", suggested=KINDS)
LOT: Final = Field("lot", "Lot")


@admin.register(Transfer)
class TransferAdmin(HistoryAdmin):
    window = TRANSFERS
    file = files.TRANSFERS
    filters = [
        *(
            *DAYS,
            CUSTOMER,
            KIND,
            ENDPOINT,
            KEY,
            Field("unit", "Unit", suggested=("credits", "money")),
        ),
        *(Field("account", "Account"), LOT, Field("month", "Month of the books")),
    ]
    sum_titles = ["amount"]
    list_display = [
        *("short_name", "of", "version", "kind", "debit", "credit", "value", "unit"),
        *("posted", "by", "reason"),
    ]
    fields = [
        *("transaction", "of", "version", "kind", "debit", "credit", "value", "unit"),
        *("balance_then", "lot", "reservation", "source", "cohort", "reversed_transaction"),
        *("who", "reason", "posted_at", "posted_on", "effective_at"),
    ]

    @admin.display(description="transaction")
    def short_name(self, transfer: Transfer) -> SafeString:
        return shown.short(TRANSACTION, transfer.transaction_id)

    def prepare(self, rows: list[Any]) -> None:
        super().prepare(rows)
        shown.name_actors(rows)

    @admin.display(description="actor")
    def by(self, transfer: Any) -> str:
        return str(transfer.actor_name)

    @admin.display(description="actor")
    def who(self, transfer: Transfer) -> str:
        return shown.actor(transfer.actor)

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
        return shown.transaction(transfer.customer_id, transfer.transaction_id)

    @admin.display(description="balance after")
    def balance_then(self, transfer: Transfer) -> SafeString:
        return shown.credits(transfer.balance_after)

    @admin.display
    def lot(self, transfer: Transfer) -> SafeString:
        return shown.lot(transfer.customer_id, transfer.lot_id)

    @admin.display
    def reservation(self, transfer: Transfer) -> SafeString:
        return shown.reservation(transfer.customer_id, transfer.reservation_id)

    @admin.display(description="document")
    def source(self, transfer: Transfer) -> SafeString:
        return shown.document(transfer.document)

    @admin.display(description="reverses")
    def reversed_transaction(self, transfer: Transfer) -> SafeString:
        return shown.transaction(transfer.customer_id, transfer.reverses)
