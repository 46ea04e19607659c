"""The call log as its page shows it."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from billing import shown
from billing.portal.calls import filters as call_filters
from billing.portal.calls.filters import Asked
from ledger import call_news, call_search, call_stretches
from ledger.call_log import LoggedCall
from ledger.call_search import Where
from ledger.call_stretches import Stretch
from ledger.models import ReservationState

SHOWN: Final = 50
# More than so many at once, or on one page, and it is loaded anew.
NEW_MAX: Final = 50
ROWS_MAX: Final = 300
# Looked at by one look for new ones; what has nothing of what is wanted is not looked at again.
LOOKED_AT_MAX: Final = 500
FORGOTTEN_AFTER: Final = 200
# Below which all ids are.
ABOVE_ALL: Final = UUID(int=2**128 - 1)

TONES: Final = {
    ReservationState.HELD: "accent",
    ReservationState.COMMITTED: "good",
    ReservationState.RELEASED: "",
    ReservationState.EXPIRED: "warn",
    ReservationState.REVERSED: "warn",
}
OUTCOME_TONES: Final = {"success": "good", "partial": "warn"}
_SHORT: Final = 18


class Found(NamedTuple):
    """`where` is empty where days and filters are asked for instead of one call."""

    rows: list[dict[str, Any]]
    stretch: Stretch
    where: str = ""

    @property
    def open(self) -> str:
        """Those that will change: the page asks for them again."""
        return ",".join(row["id"] for row in self.rows if row["is_open"])

    @property
    def only(self) -> str:
        """The name of the one call that was found by its own name, if it was."""
        is_only = self.where in (Where.AT_ONCE, Where.NEAR) and len(self.rows) == 1
        return str(self.rows[0]["name"]) if is_only else ""

    @property
    def goes_on(self) -> bool:
        return self.stretch.below is not None and not self.stretch.is_full


class New(NamedTuple):
    """What has come, and those that were open and are not any more. `above`: the newest that was
    looked at."""

    rows: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    above: str
    open: str
    is_too_much: bool = False


def found(asked: Asked) -> Found:
    customer_id = asked.customer.id
    if asked.search:
        hits = call_search.search(customer_id, asked.search, below=asked.below, limit=SHOWN)
        return Found(rows(hits.stretch.calls), hits.stretch, hits.where)
    stretch = call_stretches.stretch(customer_id, asked.filters, below=asked.below, limit=SHOWN)
    return Found(rows(stretch.calls), stretch)


def newest(asked: Asked) -> str:
    id = call_news.newest_id(asked.customer.id)
    return id.hex if id else ""


def new(asked: Asked, above: UUID, open_ids: list[UUID]) -> New | None:
    """None: nothing is another than the page shows."""
    customer_id = asked.customer.id
    ids = call_news.ids_above(customer_id, above, LOOKED_AT_MAX)
    if len(ids) == LOOKED_AT_MAX:
        return New([], [], "", "", is_too_much=True)
    now = call_news.with_ids(customer_id, open_ids)
    changed = [row for row in rows(now) if not row["is_open"]]
    come = call_news.above(customer_id, asked.filters, above, NEW_MAX) if ids else []
    if not come and not changed and len(ids) < FORGOTTEN_AFTER:
        return None
    shown_now = rows(come)
    still = [row["id"] for row in [*shown_now, *rows(now)] if row["is_open"]]
    top = (ids[-1] if ids else above).hex
    return New(shown_now, changed, top, ",".join(still), len(come) >= NEW_MAX)


def rows(calls: list[LoggedCall]) -> list[dict[str, Any]]:
    return [_row(call) for call in calls]


def _row(call: LoggedCall) -> dict[str, Any]:
    found, row = call.found, call.found.row
    is_open = found.state == ReservationState.HELD
    state = ReservationState(found.state)
    return {
        "id": row.id.hex,
        "name": str(found.name),
        "at": row.created_at,
        "endpoint": found.price.endpoint.code if found.price else "",
        "key": call.key,
        "outcome": call_filters.OUTCOME_NAMES.get(row.outcome or "", ""),
        "outcome_tone": OUTCOME_TONES.get(row.outcome or "", "bad"),
        "state": state.label,
        "tone": TONES[state],
        "is_open": is_open,
        "credits": shown.credits(call.cost),
        "held": shown.credits(row.amount - row.committed) if is_open else "",
        "request_id": row.request_id or "",
        "short": short(row.request_id or ""),
    }


def short(name: str) -> str:
    """Both its ends: those of ours begin with their time."""
    return name if len(name) <= _SHORT else f"{name[:8]}…{name[-6:]}"
