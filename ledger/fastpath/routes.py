"""Which requests are the fast path's."""

from typing import Final, NamedTuple

BATCH: Final = "batch"
EVENTS: Final = "events"

_RESERVATIONS: Final = "/v1/reservations"
FIXED: Final = {
    _RESERVATIONS: "reserve",
    "/v1/debits": "debit",
    "/v1/batch": BATCH,
    "/v1/events": EVENTS,
}
# Their operations carry keys of their own.
LISTS: Final = frozenset({BATCH, EVENTS})
SETTLING: Final = frozenset({"commit", "release", "extend", "reverse"})
_PREFIX: Final = _RESERVATIONS + "/"


class Route(NamedTuple):
    op: str
    reservation: str  # "": it is to be made


def find(method: str, path: str) -> Route | None:
    """None: somebody else's, as the reading of reservations is."""
    op = FIXED.get(path)
    if op is not None:
        return Route(op, "") if method == "POST" or path != _RESERVATIONS else None
    if not path.startswith(_PREFIX):
        return None
    reservation, _, op = path[len(_PREFIX) :].partition("/")
    return Route(op, reservation) if op in SETTLING else None


def path_of(op: str, reservation: str) -> str:
    """Where an operation of a batch would be sent alone."""
    if reservation:
        return f"{_PREFIX}{reservation}/{op}"
    return "/v1/debits" if op == "debit" else _RESERVATIONS
