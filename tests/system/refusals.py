"""Every refusal that the contract names, with a request that earns it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.system.calls import balance, reserve, settle
from tests.system.http import NO_KEY, Answer, Api

NOBODY = f"cus_{0:032x}"
MISTYPED = "ddk_" + "0" * 39


@dataclass
class World:
    """A customer with a reservation in every state, and keys of every kind."""

    api: Api
    customer: str
    suspended: str
    holds: dict[str, str]
    secrets: dict[str, str]

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Answer:
        return self.api.post(path, body, key, **headers)

    def reserve(self, **fields: Any) -> Answer:
        return self.post("/reservations", {"customer": self.customer} | fields)

    def settle(self, state: str, verb: str, **fields: Any) -> Answer:
        return settle(self.api, verb, self.holds[state], **fields)

    def as_(self, name: str) -> Api:
        return self.api.as_caller(self.secrets.get(name))

    def balances(self) -> list[tuple[str, str, str]]:
        return [balance(self.api, who) for who in (self.customer, self.suspended)]


class Case(NamedTuple):
    status: int
    code: str
    ask: Callable[[World], Answer]
    members: frozenset[str] = frozenset()


SHORT_OF_CREDITS = frozenset({"required", "available", "shortfall", "top_up_url"})
CURRENT = frozenset({"current"})
ERRORS = frozenset({"errors"})
ONE = {"amount": "1"}

CASES = {
    # Who calls.
    "no key": Case(401, "unauthorized", lambda w: w.as_("none").post("/debits", ONE)),
    "no key to read": Case(401, "unauthorized", lambda w: w.as_("none").get("/endpoints")),
    "no bearer": Case(401, "unauthorized", lambda w: w.post("/debits", ONE, Authorization="x y")),
    "mistyped key": Case(401, "unauthorized", lambda w: w.as_("mistyped").post("/debits", ONE)),
    "revoked key": Case(401, "unauthorized", lambda w: w.as_("revoked").get("/endpoints")),
    "no scope to write": Case(403, "forbidden", lambda w: w.as_("reader").post("/debits", ONE)),
    "no scope for amounts": Case(
        403,
        "forbidden",
        lambda w: w.as_("writer").post("/debits", {"customer": w.customer} | ONE),
    ),
    "no scope to reverse": Case(
        403,
        "forbidden",
        lambda w: settle(w.as_("writer"), "reverse", w.holds["committed"], reason="Wrong"),
    ),
    "no scope to grant": Case(
        403,
        "forbidden",
        lambda w: w.as_("writer").post(f"/customers/{w.customer}/grants", ONE | {"kind": "promo"}),
    ),
    "no scope to read": Case(
        403, "forbidden", lambda w: w.as_("writer").get(f"/customers/{w.customer}/balance")
    ),
    "a customer's key writes": Case(
        403, "forbidden", lambda w: w.as_("own").post("/debits", {"customer": w.customer} | ONE)
    ),
    # Who pays.
    "nobody pays": Case(400, "invalid-request", lambda w: w.post("/debits", ONE), ERRORS),
    "two pay": Case(
        400, "invalid-request", lambda w: w.reserve(api_key=w.secrets["own"], **ONE), ERRORS
    ),
    "unknown customer": Case(404, "not-found", lambda w: w.reserve(customer=NOBODY, **ONE)),
    "malformed customer": Case(404, "not-found", lambda w: w.reserve(customer="cus_1", **ONE)),
    "suspended customer": Case(
        403, "customer-suspended", lambda w: w.reserve(customer=w.suspended, **ONE)
    ),
    "unknown payer's key": Case(
        403, "key-invalid", lambda w: w.post("/debits", {"api_key": MISTYPED} | ONE)
    ),
    "revoked payer's key": Case(
        403, "key-revoked", lambda w: w.post("/debits", {"api_key": w.secrets["revoked"]} | ONE)
    ),
    "expired payer's key": Case(
        403, "key-expired", lambda w: w.post("/debits", {"api_key": w.secrets["expired"]} | ONE)
    ),
    # How much.
    "too little": Case(
        402, "insufficient-credits", lambda w: w.reserve(amount="1000"), SHORT_OF_CREDITS
    ),
    "too little for a debit": Case(
        402,
        "insufficient-credits",
        lambda w: w.post("/debits", {"customer": w.customer, "amount": "1000.000001"}),
        SHORT_OF_CREDITS,
    ),
    "unknown endpoint": Case(422, "unknown-endpoint", lambda w: w.reserve(endpoint="sumarize")),
    "unknown path": Case(
        422, "unknown-endpoint", lambda w: w.reserve(method="POST", path="/v2/files")
    ),
    "unknown quantity": Case(
        422, "unknown-quantity", lambda w: w.reserve(endpoint="generate", quantity={"pages": 1})
    ),
    "no price": Case(400, "invalid-request", lambda w: w.reserve(), ERRORS),
    "expires at once": Case(400, "invalid-request", lambda w: w.reserve(expires_in=0, **ONE)),
    "expires too late": Case(
        400, "invalid-request", lambda w: w.reserve(expires_in=86_401, **ONE), ERRORS
    ),
    "unknown overrun": Case(400, "invalid-request", lambda w: w.reserve(overrun="more", **ONE)),
    "unknown field": Case(400, "invalid-request", lambda w: w.reserve(amout="1", **ONE), ERRORS),
    "too much metadata": Case(
        400, "invalid-request", lambda w: w.reserve(metadata={"a": "x" * 3000}, **ONE), ERRORS
    ),
    # How it ends.
    "unknown reservation": Case(
        404, "not-found", lambda w: settle(w.api, "commit", f"rsv_{0:072x}")
    ),
    "malformed reservation": Case(404, "not-found", lambda w: settle(w.api, "commit", "rsv_1")),
    "another price": Case(
        404, "not-found", lambda w: settle(w.api, "commit", w.holds["held"][:-1] + "7")
    ),
    "commit of too much": Case(
        422,
        "amount-exceeds-reservation",
        lambda w: w.settle("held", "commit", amount="10.000001"),
        CURRENT,
    ),
    "overrun of too much": Case(
        402,
        "insufficient-credits",
        lambda w: w.settle("available", "commit", amount="1000"),
        SHORT_OF_CREDITS | CURRENT,
    ),
    "extended for too long": Case(
        400, "invalid-request", lambda w: w.settle("held", "extend", expires_in=86_401), ERRORS
    ),
    "reversal of a hold": Case(
        409, "reservation-held", lambda w: w.settle("held", "reverse", reason="Wrong"), CURRENT
    ),
    "reversal of too much": Case(
        422,
        "amount-exceeds-reservation",
        lambda w: w.settle("committed", "reverse", reason="Wrong", amount="11"),
        CURRENT,
    ),
    "reversal without reason": Case(
        400, "invalid-request", lambda w: w.settle("committed", "reverse"), ERRORS
    ),
    "committed, then less": Case(
        409,
        "reservation-committed",
        lambda w: w.settle("committed", "commit", amount="9"),
        CURRENT,
    ),
    "committed, then released": Case(
        409, "reservation-committed", lambda w: w.settle("committed", "release"), CURRENT
    ),
    "released, then committed": Case(
        409, "reservation-released", lambda w: w.settle("released", "commit"), CURRENT
    ),
    "expired, then committed": Case(
        409, "reservation-expired", lambda w: w.settle("expired", "commit"), CURRENT
    ),
    "reversed, then committed": Case(
        409, "reservation-reversed", lambda w: w.settle("reversed", "commit"), CURRENT
    ),
    # The key of the request.
    "no idempotency key": Case(
        400, "idempotency-key-missing", lambda w: w.post("/debits", ONE, NO_KEY)
    ),
    "empty idempotency key": Case(
        400, "idempotency-key-malformed", lambda w: w.post("/debits", ONE, "")
    ),
    "long idempotency key": Case(
        400, "idempotency-key-malformed", lambda w: w.post("/debits", ONE, "x" * 256)
    ),
    "used idempotency key": Case(
        422, "idempotency-key-reused", lambda w: w.post("/customers", {"name": "B"}, "used")
    ),
    "used idempotency key of a hold": Case(
        422,
        "idempotency-key-reused",
        lambda w: reserve(w.api, w.customer, "11", f"held {w.customer}"),
    ),
    # The envelope.
    "no JSON": Case(400, "malformed-json", lambda w: w.post("/reservations", b"{")),
    "no JSON for Django": Case(400, "malformed-json", lambda w: w.post("/customers", b"{")),
    "no object": Case(400, "invalid-request", lambda w: w.post("/debits", [])),
    "too long": Case(413, "request-too-large", lambda w: w.post("/debits", b" " * 1_100_000)),
    "too long for Django": Case(
        413, "request-too-large", lambda w: w.post("/customers", b" " * 2_200_000)
    ),
    "other method": Case(405, "method-not-allowed", lambda w: w.api.send("PUT", "/debits", ONE)),
    "other method for Django": Case(
        405, "method-not-allowed", lambda w: w.api.send("DELETE", "/endpoints")
    ),
    "other address": Case(404, "not-found", lambda w: w.post("/nothing", ONE)),
    "empty batch": Case(400, "too-many-operations", lambda w: w.post("/batch", {"operations": []})),
    "long batch": Case(
        400, "too-many-operations", lambda w: w.post("/batch", {"operations": [{}] * 1001})
    ),
    # Reading and managing.
    "nobody's balance": Case(404, "not-found", lambda w: w.api.get(f"/customers/{NOBODY}/balance")),
    "nobody's hold": Case(404, "not-found", lambda w: w.api.get(f"/reservations/rsv_{0:072x}")),
    "another customer's balance": Case(
        404, "not-found", lambda w: w.as_("own").get(f"/customers/{w.suspended}/balance")
    ),
    "another customer's holds": Case(
        404, "not-found", lambda w: w.as_("own").get(f"/reservations?customer={w.suspended}")
    ),
    "unknown status": Case(
        400, "invalid-request", lambda w: w.api.get("/reservations?status=open"), ERRORS
    ),
    "grant to nobody": Case(
        404,
        "not-found",
        lambda w: w.post(f"/customers/{NOBODY}/grants", ONE | {"kind": "promo"}),
    ),
    "grant of an unknown kind": Case(
        400,
        "invalid-request",
        lambda w: w.post(f"/customers/{w.customer}/grants", ONE | {"kind": "gift"}),
        ERRORS,
    ),
    "paid without a price": Case(
        400,
        "price-missing",
        lambda w: w.post(f"/customers/{w.customer}/grants", ONE | {"kind": "paid"}),
    ),
}
