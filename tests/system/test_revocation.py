"""What is taken away is refused within a second on every web process."""

import time

import pytest

from tests.system.calls import granted, new_customer
from tests.system.http import NO_KEY

WITHIN_SECONDS = 1.0


@pytest.fixture
def api(several):
    with several.api() as api:
        yield api


@pytest.fixture
def callers(several):
    with several.callers(2) as callers:
        yield callers


@pytest.fixture
def secret(several):
    """Of a service key."""
    (secret,) = several.new_service_keys(("revoked", ["debits:write", "debits:amount"]))
    return secret


def refused_after(callers, ask, expected, change):
    """Seconds from the change to the last answer that was not the refusal; on every process it
    was granted before, and it stays refused."""
    for caller in callers:
        assert ask(caller).status == 201
    change()
    changed = time.monotonic()
    last = changed
    while time.monotonic() < changed + WITHIN_SECONDS + 0.5:
        for caller in callers:
            began = time.monotonic()
            answer = ask(caller)
            if answer.status == 201:
                last = began
            else:
                assert answer.problem == expected
    return last - changed


def test_a_service_key(several, api, secret, callers):
    customer = new_customer(api, "1000000")
    (row,) = several.rows("select id from accounts_servicekey where prefix = %s", [secret[:12]])
    body = {"customer": customer, "amount": "1"}

    took = refused_after(
        callers,
        lambda caller: caller.as_caller(secret).post("/reservations", body),
        (401, "unauthorized"),
        lambda: api.send("DELETE", f"/keys/key_{row['id'].hex}"),
    )
    assert took < WITHIN_SECONDS


def test_a_customers_key(api, callers):
    customer = new_customer(api, "1000000")
    key = granted(api.post(f"/customers/{customer}/keys", {"name": "laptop"}))
    body = {"api_key": key["secret"], "amount": "1"}

    took = refused_after(
        callers,
        lambda caller: caller.post("/reservations", body),
        (403, "key-revoked"),
        lambda: api.send("DELETE", f"/keys/{key['id']}"),
    )
    assert took < WITHIN_SECONDS
    own = api.as_caller(key["secret"]).get(f"/customers/{customer}/balance")
    assert own.problem == (401, "unauthorized")


def test_a_suspended_customer(api, callers):
    customer = new_customer(api, "1000000")
    body = {"customer": customer, "amount": "1"}
    hold = granted(api.post("/reservations", body))["id"]

    took = refused_after(
        callers,
        lambda caller: caller.post("/debits", body),
        (403, "customer-suspended"),
        lambda: api.send("PATCH", f"/customers/{customer}", {"status": "suspended"}),
    )
    assert took < WITHIN_SECONDS
    # What was held before is settled all the same.
    assert callers[0].post(f"/reservations/{hold}/commit", {}).status == 200

    granted(api.send("PATCH", f"/customers/{customer}", {"status": "active"}))
    time.sleep(WITHIN_SECONDS)
    assert {caller.post("/debits", body).status for caller in callers} == {201}


def test_a_replay_outlives_the_suspension(api, callers):
    """It was done before; saying so again changes nothing."""
    customer = new_customer(api, "10")
    body, key = {"customer": customer, "amount": "4"}, f"before {customer}"
    first = api.post("/debits", body, key)
    granted(api.send("PATCH", f"/customers/{customer}", {"status": "suspended"}))
    time.sleep(WITHIN_SECONDS)
    for caller in callers:
        again = caller.post("/debits", body, key)
        assert (again.status, again.body) == (201, first.body)
        assert caller.post("/debits", body).problem == (403, "customer-suspended")
        assert caller.post("/debits", body, NO_KEY).problem == (400, "idempotency-key-missing")
