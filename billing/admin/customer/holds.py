"""Open holds, the oldest first: the longer one is open, the likelier it was forgotten."""

from typing import Final

from billing.admin.customer.section import ROWS_MAX, Looked, Section, until, whole_list
from ledger import reservations
from ledger.admin import shown
from ledger.ids import RESERVATION
from ledger.models import Reservation, ReservationState
from ledger.reservations import Found

COUNTED_MAX: Final = 1000
COLUMNS: Final = ("Reservation", "Age", "Endpoint", "#Holds", "Ends", "Request")


def section(looked: Looked) -> Section:
    rows = Reservation.objects.filter(customer=looked.customer)
    held = reservations.in_state(rows, ReservationState.HELD, looked.instant)
    oldest = reservations.found(held.order_by("created_at", "id")[:ROWS_MAX], looked.instant)
    number = held.order_by()[: COUNTED_MAX + 1].count() if len(oldest) == ROWS_MAX else len(oldest)
    return Section(
        "Open holds, the oldest first",
        COLUMNS,
        [_row(one, looked) for one in oldest],
        none="Nothing is held.",
        told=_told(number),
        all=f"{whole_list(looked, 'ledger_reservation')}&state=held",
    )


def _told(number: int) -> str:
    if number <= ROWS_MAX:
        return ""
    return f"Of {number:,}." if number <= COUNTED_MAX else f"Of more than {COUNTED_MAX:,}."


def _row(one: Found, looked: Looked) -> list[object]:
    page = shown.row_page("reservation", one.row.customer_id, one.row.id)
    return [
        shown.link(page, shown.short(RESERVATION, one.row.id)),
        shown.age(one.row.created_at, looked.instant),
        one.price.endpoint.code if one.price else "-",
        shown.number(one.row.amount - one.row.committed),
        until(one.row.expires_at, looked.instant),
        shown.cut(one.row.request_id),
    ]
