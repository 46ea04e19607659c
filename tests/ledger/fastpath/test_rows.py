"""What a row tells of the requests that wrote it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts import ids
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import name, new_key, payer


def logged(api, customer):
    return api.send("GET", f"/customers/{name(customer)}/calls").json()["data"]


@pytest.fixture
def key(customer):
    return ApiKeyFactory(customer=customer)


def of_key(key):
    return {"id": ids.encode("key", key.key.id), "prefix": key.key.prefix}


def test_a_hold_and_its_settlement_name_their_requests_the_key_and_the_address(api, customer, key):
    asked = {"api_key": key.secret, "endpoint": "classify"}
    hold = api.post("/reservations", asked, X_Request_Id="asked-1").json()
    (held,) = logged(api, customer)
    assert (held["id"], held["status"], held["endpoint"]) == (hold["id"], "held", "classify")
    assert (held["request_id"], held["ended_request_id"]) == ("asked-1", None)
    assert (held["address"], held["key"]) == ("127.0.0.1", of_key(key))
    api.settle(hold, "commit", {"status_code": 200}, X_Request_Id="settled-1")
    (ended,) = logged(api, customer)
    told = ("status", "outcome", "request_id", "ended_request_id", "address", "key")
    assert [ended[one] for one in told] == [
        *("committed", "success", "asked-1", "settled-1", "127.0.0.1"),
        of_key(key),
    ]


def test_a_debit_is_made_and_ended_by_one_request(api, customer):
    api.debit(customer, amount="1")
    (call,) = logged(api, customer)
    assert call["request_id"].startswith("req_")
    assert call["ended_request_id"] == call["request_id"]
    assert (call["address"], call["key"]) == ("127.0.0.1", None)


def test_in_a_batch_it_is_the_request_of_the_batch(api, customer, key):
    debit = {"op": "debit", "api_key": key.secret, "amount": "1"}
    operations = [{**debit, "idempotency_key": new_key()} for _ in range(2)]
    api.post("/batch", {"operations": operations}, X_Request_Id="together")
    calls = logged(api, customer)
    assert [(one["request_id"], one["address"], one["key"]) for one in calls] == [
        ("together", "127.0.0.1", of_key(key))
    ] * 2


def test_many_at_once_are_told_apart(api, customer):
    names = {f"many-{number}" for number in range(20)}
    body = payer(customer) | {"amount": "1"}
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda one: api.post("/debits", body, X_Request_Id=one), names))
    assert {one["request_id"] for one in logged(api, customer)} == names
