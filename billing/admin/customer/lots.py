"""Open lots in the order of their use: what each cost, what of that is left, when it ends."""

from typing import Final

from django.db.models import F
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from billing.admin import shown as billing_shown
from billing.admin.customer.section import ROWS_MAX, Looked, Section, until, whole_list
from billing.models import Purchase
from billing.models.purchases import PURCHASE
from billing.portal.lots import origins
from billing.shares import carrying
from ledger import lot_origins
from ledger.admin import lot_panel, shown
from ledger.ids import LOT
from ledger.lot_origins import Origin
from ledger.models import Lot

COLUMNS: Final = (
    *("Lot", "Kind", "From", "#Price at first", "#Issued at first", "#Moved to others"),
    *("#Left", "#Held", "#Frozen", "#Carrying value", "Expires"),
)


def section(looked: Looked) -> Section:
    found = open_lots(looked)[: ROWS_MAX + 1]
    origins = lot_origins.origins(found)
    rows = [_row(lot, origins[lot.customer_id, lot.id], looked) for lot in found[:ROWS_MAX]]
    return Section(
        "Open lots, in the order of their use",
        COLUMNS,
        rows,
        none="No lot is open.",
        told="More are open." if len(found) > ROWS_MAX else "",
        all=whole_list(looked, "ledger_lot"),
        is_wide=True,
    )


def open_lots(looked: Looked) -> list[Lot]:
    found = Lot.objects.filter(customer=looked.customer, open=True)
    order = ("priority", F("expires_at").asc(nulls_last=True), "paid", "seq")
    return list(found.order_by(*order)[: ROWS_MAX + 1])


def _row(lot: Lot, origin: Origin, looked: Looked) -> list[object]:
    page = shown.row_page("lot", lot.customer_id, lot.id)
    return [
        shown.link(page, shown.short(LOT, lot.id)),
        lot.kind,
        _origin(lot),
        shown.money_of(lot, origin.price),
        shown.number(origin.issued),
        lot_panel.moved(lot, origin),
        shown.number(lot.remaining),
        shown.number(lot.held),
        shown.number(lot.frozen),
        _worth(lot),
        until(lot.expires_at, looked.instant),
    ]


def _worth(lot: Lot) -> str:
    if not lot.price or lot.currency is None:
        return "-"
    return billing_shown.in_words(carrying(lot, lot.remaining), lot.currency)


def _origin(lot: Lot) -> str | SafeString:
    """A purchase is named in the document."""
    try:
        bought = Purchase(id=ids.decode(PURCHASE, lot.document or ""))
    except InvalidId:
        return shown.cut(origins.origin(lot))
    return shown.link(billing_shown.page(bought), shown.short(PURCHASE, bought.id))
