from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from accounts import ids
from ledger import lot_origins
from ledger.admin import files, lot_panel, shown
from ledger.admin.history import CUSTOMER, DAYS, Field, HistoryAdmin
from ledger.ids import LOT
from ledger.models import Lot, LotKind
from ledger.windows.lots import LOTS


@admin.register(Lot)
class LotAdmin(HistoryAdmin):
    window = LOTS
    file = files.LOTS
    filters = [
        *DAYS,
        CUSTOMER,
        Field("kind", "Kind", LotKind.values),
        Field("open", "Open", ("yes", "no")),
    ]
    sum_titles = ["basis: credits", "remaining", "held", "frozen", "basis: price"]
    change_form_template = "ledger/admin/lot.html"
    list_display = [
        *("short_name", "of", "kind", "bought_for", "issued", "moved", "left", "on_hold", "kept"),
        *("basis", "expires", "made"),
    ]
    fields = [
        *("name", "of", "kind", "seq", "priority", "bought_for", "issued", "moved", "left"),
        *(
            "on_hold",
            "kept",
            "basis",
            "open",
            "issued_at",
            "expires_at",
            "refundable_until",
            "cohort",
        ),
        *("escheat_class", "source", "reason"),
    ]

    def prepare(self, rows: list[Any]) -> None:
        super().prepare(rows)
        origins = lot_origins.origins(rows)
        for row in rows:
            row.origin = origins[row.customer_id, row.id]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        lot = super().get_object(request, object_id, from_field)
        if lot is not None:
            self.prepare([lot])
        return lot

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        lot: Lot | None = options.get("obj")
        if lot is not None:
            context["panel"] = lot_panel.of(lot, request.GET.get("before", ""))
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="lot")
    def name(self, lot: Lot) -> str:
        return ids.encode(LOT, lot.id)

    @admin.display(description="lot")
    def short_name(self, lot: Lot) -> SafeString:
        return shown.short(LOT, lot.id)

    @admin.display(description="customer")
    def of(self, lot: Lot) -> SafeString:
        return shown.customer(lot.customer)

    @admin.display(description="price at first")
    def bought_for(self, lot: Any) -> str:
        return shown.money_of(lot, lot.origin.price)

    @admin.display(description="issued at first")
    def issued(self, lot: Any) -> SafeString:
        return shown.credits(lot.origin.issued)

    @admin.display(description="moved to others")
    def moved(self, lot: Any) -> str:
        return lot_panel.moved(lot, lot.origin)

    @admin.display(description="basis")
    def basis(self, lot: Lot) -> str:
        """What each of its credits is worth is reckoned from it."""
        return lot_panel.basis(lot)

    @admin.display
    def expires(self, lot: Lot) -> str:
        return shown.instant(lot.expires_at)

    @admin.display(description="issued at")
    def made(self, lot: Lot) -> str:
        return shown.instant(lot.issued_at)

    @admin.display(description="remaining")
    def left(self, lot: Lot) -> SafeString:
        return shown.credits(lot.remaining)

    @admin.display(description="held")
    def on_hold(self, lot: Lot) -> SafeString:
        return shown.credits(lot.held)

    @admin.display(description="frozen")
    def kept(self, lot: Lot) -> SafeString:
        return shown.credits(lot.frozen)

    @admin.display(description="document")
    def source(self, lot: Lot) -> SafeString:
        return shown.document(lot.document)
