"""Which requests are the fast path's."""

from typing import Final, NamedTuple

BATCH: Final = "batch"
EVENTS: Final = "events"

_RESERVATIONS: Final = "/v1/reservations"
_LEASES: Final = "/v1/leases"
FIXED: Final = {
    _RESERVATIONS: "reserve",
    "/v1/debits": "debit",
    _LEASES: "lease",
    "/v1/batch": BATCH,
    "/v1/events": EVENTS,
}
# Their operations carry keys of their own.
LISTS: Final = frozenset({BATCH, EVENTS})
SETTLING: Final = frozenset({"commit", "release", "extend", "reverse"})
_PREFIX: Final = _RESERVATIONS + "/"
_LEASE_PREFIX: Final = _LEASES + "/"
SETTLE: Final = "settle"


class Route(NamedTuple):
    op: str
    reservation: str  # or the lease; "": it is to be made


def find(method: str, path: str) -> Route | None:
    """None: somebody else's, as the reading of reservations is."""
    op = FIXED.get(path)
    if op is not None:
        return Route(op, "") if method == "POST" or path != _RESERVATIONS else None
    if path.startswith(_LEASE_PREFIX):
        lease, _, op = path[len(_LEASE_PREFIX) :].partition("/")
        return Route(op, lease) if op == SETTLE else None
    if not path.startswith(_PREFIX):
        return None
    reservation, _, op = path[len(_PREFIX) :].partition("/")
    return Route(op, reservation) if op in SETTLING else None


def path_of(op: str, reservation: str) -> str:
    """Where an operation of a batch would be sent alone."""
    if op == SETTLE:
        return f"{_LEASE_PREFIX}{reservation}/{op}"
    if reservation:
        return f"{_PREFIX}{reservation}/{op}"
    return "/v1/debits" if op == "debit" else _RESERVATIONS
