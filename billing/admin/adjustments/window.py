"""All adjustments, and the page of each."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import User
from billing.adjustments import approving, reasons
from billing.admin import shown as billing_shown
from billing.admin.adjustments import asking, deciding, told
from billing.admin.adjustments.filters import PersonFilter, ReasonFilter, StateFilter
from billing.admin.windows import BillingWindow
from billing.models import Adjustment
from billing.models.adjustments import ADJUSTMENT
from billing.models.purchases import PURCHASE
from ledger.admin import shown
from ledger.ids import LOT, RESERVATION, TRANSACTION, ReservationId
from ledger.models import Reservation


@admin.register(Adjustment)
class AdjustmentAdmin(BillingWindow):
    change_form_template = "billing/admin/adjustments/adjustment.html"
    change_list_template = "billing/admin/adjustments/list.html"
    list_display = [
        *("short_name", "of", "kind", "reason", "how_large", "standing", "by", "asked"),
    ]
    list_filter = [StateFilter, PersonFilter, "kind", ReasonFilter]
    list_select_related = ["customer", "asked_by", "decided_by"]
    id_columns: ClassVar[dict[str, str]] = {
        **BillingWindow.id_columns,
        ADJUSTMENT: "id",
        LOT: "lot_id",
        RESERVATION: "reservation_id",
        PURCHASE: "purchase_id",
    }
    search_help_text = (
        "A customer's name, e-mail or external id; cus_…, adj_…, lot_…, rsv_…, pur_…, txn_…"
    )
    fields = [
        *("name", "of", "kind", "why", "note", "how_many", "until", "to", "corrects"),
        *("how_large", "standing", "waits_for", "by", "asked", "decided", "decision_note"),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("of/<uuid:id>", view(self.adjust), name="billing_customer_adjust"),
            path("waiting", view(self.waiting), name="billing_adjustment_waiting"),
            path("<uuid:id>/decide", view(self.decide), name="billing_adjustment_decide"),
            *super().get_urls(),
        ]

    def adjust(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return asking.page(request, id, self._context(request))

    def waiting(self, request: HttpRequest) -> HttpResponse:
        return deciding.waiting(request, self._context(request))

    def decide(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return deciding.page(request, id, self._context(request))

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        waiting = {"waiting": approving.waiting().count()}
        return super().changelist_view(request, waiting | (extra_context or {}))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Adjustment | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["effect"] = told.asked(obj)
            context |= _standing(obj, request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def searched(self, term: str) -> Q:
        if term.startswith(f"{TRANSACTION}_"):
            try:
                id = ids.decode(TRANSACTION, term)
            except InvalidId:
                return Q(pk=None)
            return Q(transactions__contains=[id]) | Q(transaction_id=id)
        return super().searched(term)

    @admin.display(description="adjustment")
    def name(self, adjustment: Adjustment) -> str:
        return adjustment.name

    @admin.display(description="adjustment")
    def short_name(self, adjustment: Adjustment) -> SafeString:
        return shown.short(ADJUSTMENT, adjustment.id)

    @admin.display(description="customer")
    def of(self, adjustment: Adjustment) -> SafeString:
        return shown.customer(adjustment.customer)

    @admin.display(description="reason, as the customer reads it")
    def why(self, adjustment: Adjustment) -> str:
        return reasons.wording(adjustment.kind, adjustment.reason)

    @admin.display(description="credits")
    def how_many(self, adjustment: Adjustment) -> str:
        return shown.number(adjustment.credits) if adjustment.credits else "-"

    @admin.display(description="expires")
    def until(self, adjustment: Adjustment) -> str:
        return shown.instant(adjustment.expires_at)

    @admin.display
    def to(self, adjustment: Adjustment) -> SafeString:
        receiver = adjustment.receiver
        return shown.customer(receiver) if receiver else SafeString("-")

    @admin.display
    def corrects(self, adjustment: Adjustment) -> SafeString:
        told = ((one,) for one in _corrected(adjustment))
        return format_html_join(", ", "{}", told) or SafeString("-")

    @admin.display(description="size")
    def how_large(self, adjustment: Adjustment) -> str:
        return told.size(adjustment)

    @admin.display(description="state")
    def standing(self, adjustment: Adjustment) -> str:
        return "expired" if approving.is_over(adjustment) else adjustment.state

    @admin.display(description="asked by")
    def by(self, adjustment: Adjustment) -> str:
        return adjustment.asked_by.email

    @admin.display
    def asked(self, adjustment: Adjustment) -> str:
        return shown.instant(adjustment.asked_at)

    @admin.display(description="decided by")
    def decided(self, adjustment: Adjustment) -> str:
        if adjustment.decided_by is None:
            return "-"
        return f"{adjustment.decided_by.email}, {shown.instant(adjustment.decided_at)}"


def _standing(adjustment: Adjustment, request: HttpRequest) -> dict[str, Any]:
    """What can be done of it, and by whom."""
    assert isinstance(request.user, User)
    is_open = adjustment.state == "waiting" and not approving.is_over(adjustment)
    return {
        "is_open": is_open,
        "is_own": adjustment.asked_by_id == request.user.pk,
        "why_not": approving.why_not(adjustment, request.user) if is_open else "",
    }


def _corrected(adjustment: Adjustment) -> list[SafeString]:
    """Links to what it names."""
    own, found = adjustment.customer_id, []
    if adjustment.lot_id:
        page = shown.row_page("lot", own, adjustment.lot_id)
        found.append(shown.link(page, ids.encode(LOT, adjustment.lot_id)))
    if adjustment.purchase:
        found.append(billing_shown.purchase(adjustment.purchase))
    if adjustment.reservation_id:
        page = shown.row_page("reservation", own, adjustment.reservation_id)
        call = Reservation.objects.filter(customer_id=own, id=adjustment.reservation_id).first()
        if call:  # else its month is in a file
            found.append(shown.link(page, ReservationId(own, call.id, call.price_id or 0)))
    if adjustment.transaction_id:
        found.append(shown.transaction(own, adjustment.transaction_id))
    return found
