"""Every refusal that the contract names, over real HTTP: its status, its type, what it says to a
machine, and that it changed nothing."""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.system.calls import (
    balance,
    granted,
    micro,
    new_customer,
    reserve,
    settle,
    simultaneously,
)
from tests.system.http import NO_KEY, Answer, Api

MEMBERS = {"type", "title", "status", "detail", "request_id"}
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

NO_AMOUNTS = (
    *('"1e3"', '"-1"', '"NaN"', '""', '" 1"', '"1.0000001"', '"1,5"', '"+1"'),
    *("1.5", "1e3", "NaN", "-1", "true", "null", "[]", "{}"),
)


@pytest.fixture(scope="module")
def world(one):
    with one.api() as api:
        customer = new_customer(api, "180")
        suspended = new_customer(api, "50")
        world = World(api, customer, suspended, _holds(api, customer), _secrets(one, api, customer))
        granted(api.send("PATCH", f"/customers/{suspended}", {"status": "suspended"}))
        granted(api.post("/customers", {"name": "A"}, "used"))
        # What was suspended, revoked and left to expire has to be so.
        time.sleep(2)
        yield world


def _holds(api, customer):
    def hold(**fields):
        key = f"held {customer}" if not fields else None
        return granted(reserve(api, customer, "10", key, **fields))["id"]

    holds = {state: hold() for state in ("held",)}
    holds |= {"available": hold(overrun="available"), "expired": hold(expires_in=1)}
    holds |= {state: hold(metadata={}) for state in ("committed", "released", "reversed")}
    granted(settle(api, "commit", holds["committed"]))
    granted(settle(api, "release", holds["released"]))
    granted(settle(api, "commit", holds["reversed"]))
    granted(settle(api, "reverse", holds["reversed"], reason="Wrong"))
    return holds


def _secrets(installation, api, customer):
    reader, writer = installation.new_service_keys(
        ("refused", ["read"]), ("refused", ["debits:write"])
    )
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    own, revoked, expired = (
        granted(api.post(f"/customers/{customer}/keys", fields))
        for fields in ({}, {}, {"expires_at": soon})
    )
    assert api.send("DELETE", f"/keys/{revoked['id']}").status == 204
    secrets = {"own": own, "revoked": revoked, "expired": expired}
    shown = {name: key["secret"] for name, key in secrets.items()}
    return shown | {"reader": reader, "writer": writer, "mistyped": "dds_" + "0" * 39}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_a_problem_and_changes_nothing(world, name):
    case = CASES[name]
    before = world.balances()
    answer = case.ask(world)
    assert answer.problem == (case.status, case.code)
    assert_says_everything(answer, case.status, case.code, case.members)
    assert world.balances() == before


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_malformed(world, amount):
    before = world.balances()
    body = f'{{"customer": "{world.customer}", "kind": "promo", "amount": {amount}}}'.encode()
    only = f'{{"amount": {amount}}}'.encode()
    answers = [
        world.post("/reservations", body.replace(b'"kind": "promo", ', b"")),
        world.post("/debits", body.replace(b'"kind": "promo", ', b"")),
        world.post(f"/reservations/{world.holds['held']}/commit", only),
    ]
    for answer in answers:
        assert answer.problem == (400, "malformed-amount")
        assert_says_everything(answer, 400, "malformed-amount")
    assert world.balances() == before


def assert_says_everything(answer, status, code, members=frozenset()):
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Should-Retry"] == "false"
    assert re.fullmatch(r"\S+", answer.headers["X-Request-Id"])
    assert answer.headers["Idempotent-Replayed"] is None
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert all(isinstance(body[name], str) and body[name] for name in ("title", "detail"))
    assert body.keys() >= MEMBERS | members
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("code", sorted({case.code for case in CASES.values()}))
def test_every_type_has_a_page(world, code):
    page = world.api.get(f"problems/{code}")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/reservations", "/customers", "/nothing"])
def test_the_callers_request_id_comes_back(world, path):
    answer = world.post(path, b"{", X_Request_Id="from-the-gateway/7")
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "from-the-gateway/7"


def test_the_shortfall_is_told_to_the_last_place(world):
    available, _, _ = balance(world.api, world.customer)
    body = world.reserve(amount="1000.000001").json()
    assert (body["required"], body["available"]) == ("1000.000001", available)
    assert micro(body["shortfall"]) == micro("1000.000001") - micro(available)


def test_refusals_leave_those_alone_that_travel_with_them(one):
    """Twenty at once, gathered into few calls of the core: each is answered for itself."""
    bad = [
        ({"amount": "1e3"}, 400),
        ({"customer": NOBODY, "amount": "1"}, 404),
        ({"amount": "100000"}, 402),
        ({"endpoint": "nothing"}, 422),
        ({"amount": "1", "expires_in": 0}, 400),
    ]
    with one.callers(20) as callers:
        customer = new_customer(callers[0], "1000")

        def ask(api, index):
            fields, status = ({"amount": "10"}, 201) if index % 2 else bad[index // 2 % len(bad)]
            answer = api.post("/reservations", {"customer": customer} | fields)
            return answer.status == status

        for _ in range(5):
            assert Counter(simultaneously(callers, ask)) == {True: 20}
        assert balance(callers[0], customer) == ("500", "500", "1000")


def test_a_bad_operation_leaves_its_batch_alone(world):
    customer = new_customer(world.api, "100")

    def item(op, **fields):
        return {"op": op, "customer": customer, "idempotency_key": f"{customer} {fields}"} | fields

    keyless = {"op": "debit", "customer": customer, "amount": "1"}
    commit = {"op": "commit", "reservation": f"rsv_{0:072x}", "idempotency_key": "x"}
    operations = [
        (item("debit", amount="10"), 201),
        (item("debit", amount="1e1"), 400),
        (item("reserve", amount="200"), 402),
        (item("reverse", reason="Wrong"), 400),
        (keyless, 400),
        (commit, 404),
        (item("debit", endpoint="nothing"), 422),
        (item("debit", customer=world.suspended, amount="1"), 403),
        (7, 400),
        (item("reserve", amount="20"), 201),
    ]
    body = {"operations": [operation for operation, _ in operations]}
    results = granted(world.post("/batch", body, NO_KEY))["results"]
    assert [result["status"] for result in results] == [status for _, status in operations]
    for result in results:
        refused = result["status"] >= 400
        assert ("type" in result["body"]) == refused
    assert balance(world.api, customer) == ("70", "20", "90")


def test_a_missing_scope_is_that_operations(world):
    customer = new_customer(world.api, "100")
    debit = {"op": "debit", "customer": customer}
    operations = [
        debit | {"amount": "1", "idempotency_key": "a"},
        debit | {"endpoint": "classify", "idempotency_key": "b"},
    ]
    answer = world.as_("writer").post("/batch", {"operations": operations}, NO_KEY)
    assert [result["status"] for result in granted(answer)["results"]] == [403, 201]
    assert balance(world.api, customer) == ("99", "0", "99")
