from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import ids
from accounts.admin import ModelAdmin
from accounts.errors import InvalidId
from ledger import amounts, money
from ledger.ids import LOT, TRANSACTION, ReservationId, decode_reservation
from ledger.models import Lot, Reservation, Transfer


class HistoryAdmin(ModelAdmin):
    """A list to look at. It is searched by customer, and by any id of ours."""

    list_display_links = None
    list_per_page = 50
    list_select_related = ["customer"]
    search_fields = ["customer__name", "customer__email", "customer__external_id"]
    search_help_text = "A customer's name, e-mail or external id, or an id such as cus_… or rsv_…"
    show_full_result_count = False
    id_fields = {ids.CUSTOMER: "customer_id"}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(**self.named(search_term.strip())), False
        except InvalidId:
            return super().get_search_results(request, queryset, search_term)

    def named(self, term: str) -> dict[str, UUID]:
        """The filter that an id stands for. Raises InvalidId."""
        prefix = term.partition("_")[0]
        if prefix not in self.id_fields:
            raise InvalidId
        return {self.id_fields[prefix]: ids.decode(prefix, term)}


@admin.register(Lot)
class LotAdmin(HistoryAdmin):
    list_display = [
        *("name", "customer", "kind", "issued", "left", "on_hold", "priority"),
        *("expires_at", "issued_at"),
    ]
    list_filter = ["kind", "open"]
    ordering = ["-issued_at", "-seq"]
    id_fields = {**HistoryAdmin.id_fields, LOT: "id"}

    @admin.display(description="lot")
    def name(self, lot: Lot) -> str:
        return ids.encode(LOT, lot.id)

    @admin.display
    def issued(self, lot: Lot) -> str:
        return amounts.show(lot.units)

    @admin.display
    def left(self, lot: Lot) -> str:
        return amounts.show(lot.remaining)

    @admin.display(description="held")
    def on_hold(self, lot: Lot) -> str:
        return amounts.show(lot.held)


@admin.register(Reservation)
class ReservationAdmin(HistoryAdmin):
    list_display = [
        *("name", "customer", "state", "reserved", "used"),
        *("created_at", "expires_at", "ended_at", "request_id"),
    ]
    list_filter = ["state"]
    ordering = ["-id", "-customer_id"]

    def named(self, term: str) -> dict[str, UUID]:
        if not term.startswith("rsv_"):
            return super().named(term)
        name = decode_reservation(term)
        return {"customer_id": name.customer_id, "id": name.id}

    @admin.display(description="reservation")
    def name(self, reservation: Reservation) -> str:
        price_id = reservation.price_id or 0
        return str(ReservationId(reservation.customer_id, reservation.id, price_id))

    @admin.display(description="amount")
    def reserved(self, reservation: Reservation) -> str:
        return amounts.show(reservation.amount)

    @admin.display(description="committed")
    def used(self, reservation: Reservation) -> str:
        return amounts.show(reservation.committed)


@admin.register(Transfer)
class TransferAdmin(HistoryAdmin):
    list_display = [
        *("transaction", "customer", "version", "kind", "debit", "credit", "value", "unit"),
        *("posted_at", "actor", "reason"),
    ]
    list_filter = ["kind", "unit"]
    ordering = ["-id", "-customer_id"]
    id_fields = {**HistoryAdmin.id_fields, LOT: "lot_id", TRANSACTION: "transaction_id"}

    def named(self, term: str) -> dict[str, UUID]:
        if not term.startswith("rsv_"):
            return super().named(term)
        name = decode_reservation(term)
        return {"customer_id": name.customer_id, "reservation_id": name.id}

    @admin.display
    def transaction(self, transfer: Transfer) -> str:
        return ids.encode(TRANSACTION, transfer.transaction_id)

    @admin.display(description="amount")
    def value(self, transfer: Transfer) -> str:
        return money.show_unit(transfer.amount, transfer.unit)
