"""The last calls, whatever became of them."""

from typing import Final

from billing.admin.customer.section import ROWS_MAX, Looked, Section, badge, whole_list
from ledger import call_log, periods
from ledger.admin import shown
from ledger.call_log import Filters, LoggedCall
from ledger.ids import RESERVATION
from ledger.models import ReservationState
from ledger.paging import Asked

COLUMNS: Final = ("Made", "Reservation", "State", "Endpoint", "Key", "#Cost", "Outcome", "Request")
TONES: Final[dict[str, str]] = {
    ReservationState.COMMITTED: "good",
    ReservationState.HELD: "warn",
    ReservationState.REVERSED: "bad",
}


def section(looked: Looked) -> Section:
    asked = Asked(ROWS_MAX - 1, None)  # Whoever asks is given one more.
    found = call_log.calls(looked.customer.id, asked, Filters(periods.ALWAYS))
    return Section(
        "Last calls",
        COLUMNS,
        [_row(one) for one in found],
        none="No call was ever made.",
        all=whole_list(looked, "ledger_reservation"),
        is_wide=True,
        template="billing/admin/customer/_calls.html",
    )


def _row(call: LoggedCall) -> list[object]:
    row, state = call.found.row, call.found.state
    page = shown.row_page("reservation", row.customer_id, row.id)
    return [
        shown.instant(row.created_at),
        shown.link(page, shown.short(RESERVATION, row.id)),
        badge(state, TONES.get(state, "")),
        call.found.price.endpoint.code if call.found.price else "-",
        call.key.name or f"{call.key.prefix}…" if call.key else "-",
        shown.number(call.cost),
        row.outcome or "-",
        shown.cut(row.request_id),
    ]
