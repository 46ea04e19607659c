"""What is sent beside the body, and the headers of answers."""

from typing import Any, Final, get_args

from accounts import ids
from ledger.ids import LEASE, LOT, RESERVATION, TRANSACTION
from ledger.models import ReservationState
from ledger.paging import DEFAULT_LIMIT, MAX_LIMIT
from ledger.prices.pricing import Outcome
from ledger.usage import Dimension

Json = dict[str, Any]

_HEX: Final = {RESERVATION: 72, LEASE: 64}


def id_of(prefix: str) -> Json:
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{{_HEX.get(prefix, 32)}}}$"}


IDS: Final[dict[str, Json]] = {
    "customer_id": id_of(ids.CUSTOMER),
    "reservation_id": id_of(RESERVATION),
    "lease_id": id_of(LEASE),
    "key_id": id_of(ids.KEY),
    "lot_id": id_of(LOT),
    "transaction_id": id_of(TRANSACTION),
}

# RFC 8941's quoted string counts as what it quotes.
KEY_PATTERN: Final = r'^([!#-~]([ -~]{0,253}[!-~])?|"([ !#-\[\]-~]|\\["\\]){1,255}")$'
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names this write, so that it is done once however often it is sent. 1 to 255 "
    "printable ASCII characters; a UUIDv7 is the fastest. Remembered for 30 days.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
REQUEST_ID: Final[Json] = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "A name for this request: its answer, the log and what it wrote will have it. "
    "At most 128 letters, digits and `._:/+=-`; any other is replaced.",
    "schema": {"type": "string"},
}
LIMIT: Final[Json] = {
    "name": "limit",
    "in": "query",
    "description": "So many at most.",
    "schema": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT,
        "default": DEFAULT_LIMIT,
    },
}
CURSOR: Final[Json] = {
    "name": "cursor",
    "in": "query",
    "description": "The `next_cursor` of the page before.",
    "schema": {"type": "string"},
}
CUSTOMER: Final[Json] = {
    "name": "customer",
    "in": "query",
    "description": "Only this customer's.",
    "schema": IDS["customer_id"],
}
PAYING: Final[Json] = {**CUSTOMER, "description": "What this customer pays."}
STATUS: Final[Json] = {
    "name": "status",
    "in": "query",
    "description": "Only those that stand so.",
    "schema": {"type": "string", "enum": list(ReservationState.values)},
}
KEY_OF_RESERVATION: Final[Json] = {
    "name": "idempotency_key",
    "in": "query",
    "description": "Only those that the calling service made or settled under this key.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
FROM: Final[Json] = {
    "name": "from",
    "in": "query",
    "description": "A time, or a date for the beginning of its day in UTC.",
    "schema": {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
}
TO: Final[Json] = FROM | {"name": "to", "description": "Up to this time, which is left out."}
PERIOD: Final[Json] = {name: {"type": "string", "format": "date-time"} for name in ("from", "to")}
_AMOUNT: Final[Json] = {"type": "string"}
_EDGE: Final[Json] = {
    "type": "object",
    "required": ["at", "balance"],
    "properties": {"at": {"type": "string", "format": "date-time"}, "balance": _AMOUNT},
}
_SUM: Final[Json] = {
    "type": "object",
    "required": ["kind", "amount", "lines"],
    "properties": {"kind": {"type": "string"}, "amount": _AMOUNT, "lines": {"type": "integer"}},
}
STATEMENT: Final[Json] = {
    "opening": _EDGE,
    "closing": _EDGE,
    "sums": {"type": "array", "items": _SUM},
}
ENDPOINT: Final[Json] = {
    "name": "endpoint",
    "in": "query",
    "description": "Only calls of the endpoint with this code.",
    "schema": {"type": "string"},
}
KEY: Final[Json] = {
    "name": "key",
    "in": "query",
    "description": "Only calls with this key of the customer's.",
    "schema": IDS["key_id"],
}
OUTCOME: Final[Json] = {
    "name": "outcome",
    "in": "query",
    "description": "Only calls that ended so.",
    "schema": {"type": "string", "enum": list(get_args(Outcome))},
}
REQUEST_OF_CALL: Final[Json] = {
    "name": "request_id",
    "in": "query",
    "description": "Only what the request of this name made or settled.",
    "schema": {"type": "string"},
}
GROUP_BY: Final[Json] = {
    "name": "group_by",
    "in": "query",
    "description": "What to sum by, with commas between. Nothing: one sum of all.",
    "style": "form",
    "explode": False,
    "schema": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "enum": list(Dimension)},
    },
}


def header(description: str, **schema: Any) -> Json:
    return {"description": description, "required": True, "schema": {"type": "string"} | schema}


ANSWERED_REQUEST_ID: Final = header("The name of the request: the caller's own, or a new one.")
REPLAYED: Final[Json] = {
    **header("The same request was answered before, and this is that answer.", enum=["true"]),
    "required": False,
}
SHOULD_RETRY: Final = header(
    "Whether the same request, sent again unchanged, may get another answer.",
    enum=["true", "false"],
)
RETRY_AFTER: Final = header("So many seconds from now.", pattern="^[0-9]+$")
RATE_LIMIT_POLICY: Final[Json] = {
    **header(
        "The limits that apply, as draft-ietf-httpapi-ratelimit-headers has them: of each its "
        "name, `q` calls in `w` seconds, or open holds."
    ),
    "required": False,
}
RATE_LIMIT: Final[Json] = {
    **header("How they stand: `r` are left, and all are free again in `t` seconds."),
    "required": False,
}
AUTHENTICATE: Final = header("How to say who calls.", enum=["Bearer"])
