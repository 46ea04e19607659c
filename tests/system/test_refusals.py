"""Every refusal over real HTTP: its status, its type, what it tells a machine, and that nothing
changed."""

import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

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
from tests.system.http import NO_KEY
from tests.system.refusals import CASES, NOBODY, World

MEMBERS = {"type", "title", "status", "detail", "request_id"}
# A busy machine may take a while to make what is to end.
SOON_SECONDS = 4
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
        time.sleep(SOON_SECONDS)
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
    soon = (datetime.now(UTC) + timedelta(seconds=SOON_SECONDS)).isoformat()
    expired, own, revoked = (
        granted(api.post(f"/customers/{customer}/keys", fields))
        for fields in ({"expires_at": soon}, {}, {})
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
