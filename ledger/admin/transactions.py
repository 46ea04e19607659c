"""Transactions: the list of them, and a page that has all transfers of one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from accounts import ids
from ledger import money
from ledger.admin import chart, files, shown
from ledger.admin.history import CUSTOMER, DAYS, ENDPOINT, KEY, HistoryAdmin
from ledger.admin.transfers import KIND, LOT
from ledger.ids import TRANSACTION
from ledger.models import Transaction
from ledger.windows import transfers
from ledger.windows.transfers import TRANSACTIONS

# More than any has, but for a move of very many lots, whose transfers are a list of their own.
LEGS_MAX: Final = 200


class Leg(NamedTuple):
    page: str
    kind: str
    debit: str
    credit: str
    amount: str
    unit: str
    lot: SafeString
    counts_for: str


class Sum(NamedTuple):
    """Of an account in one unit."""

    account: str
    unit: str
    debit: str
    credit: str


@admin.register(Transaction)
class TransactionAdmin(HistoryAdmin):
    """`links`: where else it leads to, for upper rooms to add what they know of it."""

    window = TRANSACTIONS
    file = files.TRANSACTIONS
    filters = [*DAYS, CUSTOMER, KIND, ENDPOINT, KEY, LOT]
    change_form_template = "ledger/admin/transaction.html"
    list_display = [
        *("short_name", "of", "version", "kind", "balance_then", "posted", "by", "reason"),
    ]
    fields = [
        *("name", "of", "version", "kind", "balance_then", "reservation", "reversed_transaction"),
        *("source", "who", "reason", "posted_at", "effective_at"),
    ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        transaction: Transaction | None = options.get("obj")
        if transaction is not None:
            found = transfers.legs(transaction.customer_id, transaction.id)
            legs = list(transfers.booked(found).order_by("id")[:LEGS_MAX])
            context |= {
                "legs": [_leg(leg) for leg in legs],
                "sums": _sums(legs),
                "links": self.links(transaction, legs),
            }
        return super().render_change_form(request, context, *args, **options)

    def links(self, transaction: Transaction, legs: Sequence[Any]) -> list[SafeString]:
        name = self.name(transaction)
        found = [shown.listed("transfer", "These transfers as a list", q=name)]
        if transaction.reservation_id:
            to = shown.row_page("reservation", transaction.customer_id, transaction.reservation_id)
            found.append(shown.link(to, "The call"))
        return found

    @admin.display(description="transaction")
    def name(self, transaction: Transaction) -> str:
        return ids.encode(TRANSACTION, transaction.transaction_id)

    @admin.display(description="transaction")
    def short_name(self, transaction: Transaction) -> SafeString:
        return shown.short(TRANSACTION, transaction.transaction_id)

    def prepare(self, rows: list[Any]) -> None:
        super().prepare(rows)
        shown.name_actors(rows)

    @admin.display(description="actor")
    def by(self, transaction: Any) -> str:
        return str(transaction.actor_name)

    @admin.display(description="actor")
    def who(self, transaction: Transaction) -> str:
        return shown.actor(transaction.actor)

    @admin.display(description="customer")
    def of(self, transaction: Transaction) -> SafeString:
        return shown.customer(transaction.customer)

    @admin.display(description="balance after")
    def balance_then(self, transaction: Transaction) -> SafeString:
        return shown.credits(transaction.balance_after)

    @admin.display
    def posted(self, transaction: Transaction) -> str:
        return shown.instant(transaction.posted_at)

    @admin.display
    def reservation(self, transaction: Transaction) -> SafeString:
        return shown.reservation(transaction.customer_id, transaction.reservation_id)

    @admin.display(description="document")
    def source(self, transaction: Transaction) -> SafeString:
        return shown.document(transaction.document)

    @admin.display(description="reverses")
    def reversed_transaction(self, transaction: Transaction) -> SafeString:
        return shown.transaction(transaction.customer_id, transaction.reverses)


def _leg(leg: Any) -> Leg:
    return Leg(
        shown.row_page("transfer", leg.customer_id, leg.id),
        leg.kind,
        chart.account(leg.debit),
        chart.account(leg.credit),
        shown.grouped(money.show_unit(leg.amount, leg.unit)),
        leg.unit,
        shown.lot(leg.customer_id, leg.lot_id),
        str(leg.booked_on),
    )


def _sums(legs: Sequence[Any]) -> list[Sum]:
    """By account, and all accounts of a unit together, whose two sides are equal."""
    sides: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for leg in legs:
        for account, side in ((leg.debit, 0), (leg.credit, 1)):
            sides[leg.unit, account][side] += leg.amount
            sides[leg.unit, ""][side] += leg.amount
    return [
        Sum(
            chart.account(account) if account else "All",
            unit,
            *(shown.grouped(money.show_unit(amount, unit)) if amount else "" for amount in both),
        )
        for (unit, account), both in sorted(sides.items(), key=_last_all)
    ]


def _last_all(item: tuple[tuple[str, str], list[int]]) -> tuple[str, bool, str]:
    (unit, account), _ = item
    return unit, not account, account
