import pytest

from accounts.models import Scope
from tests.ledger.fastpath.shop import (
    available,
    books,
    code,
    funded,
    name,
    new_key,
    payer,
    problem,
)


def item(op, **fields):
    return {"op": op, "idempotency_key": new_key()} | fields


def statuses(results):
    return [result["status"] for result in results]


def test_each_operation_is_answered_in_order_as_if_sent_alone(api, customer):
    first, second = api.hold(customer), api.hold(customer)
    other = funded()
    results = api.batch(
        item("reserve", **payer(customer), endpoint="summarize"),
        item("commit", reservation=first["id"], amount="2"),
        item("release", reservation=second["id"]),
        item("debit", **payer(other), amount="1"),
        item("debit", **payer(customer), amount="1000"),
    )
    assert statuses(results) == [201, 200, 200, 201, 402]
    bodies = [result["body"] for result in results]
    assert [body.get("status") for body in bodies[:4]] == [
        *("held", "committed", "released", "committed")
    ]
    assert bodies[3]["customer"] == name(other)
    assert code(bodies[4]) == "insufficient-credits" and bodies[4]["shortfall"] == "906"
    assert not any(result["replayed"] for result in results)


def test_the_last_credits_go_to_the_first_who_asks(api, customer):
    debits = [item("debit", **payer(customer), amount=30) for _ in range(5)]
    assert statuses(api.batch(*debits)) == [201, 201, 201, 402, 402]
    assert available(customer) == 10


def test_a_key_repeated_within_the_batch_replays_its_first(api, customer):
    debit = item("debit", **payer(customer), amount=1)
    first, again, other = api.batch(debit, debit, debit | {"amount": 2})
    assert first["body"] == again["body"]
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (other["status"], code(other["body"])) == (422, "idempotency-key-reused")
    assert available(customer) == 99


def test_an_operation_is_the_same_request_alone_and_in_a_batch(api, customer):
    body, key = payer(customer) | {"amount": 1}, new_key()
    alone = api.post("/debits", body, Idempotency_Key=key)
    (result,) = api.batch({"op": "debit", "idempotency_key": key} | body)
    assert result == {"status": 201, "replayed": True, "body": alone.json()}
    hold, key = api.hold(customer), new_key()
    (result,) = api.batch({"op": "release", "idempotency_key": key, "reservation": hold["id"]})
    alone = api.settle(hold, "release", Idempotency_Key=key)
    assert alone.headers["Idempotent-Replayed"] == "true"
    assert alone.json() == result["body"]


def test_a_bad_item_leaves_the_others_untouched(shop, customer):
    writer = shop.api(shop.key(Scope.DEBITS_WRITE))
    good = [item("reserve", **payer(customer), endpoint="classify") for _ in range(3)]
    bad = {
        "forbidden": item("debit", **payer(customer), amount=1),
        "malformed-amount": item("commit", reservation="rsv_x", amount=1.5),
        "not-found": item("release", reservation="rsv_x"),
        "unknown-endpoint": item("debit", **payer(customer), endpoint="nothing"),
        "idempotency-key-missing": {"op": "debit"} | payer(customer) | {"endpoint": "classify"},
        "idempotency-key-malformed": item("debit") | {"idempotency_key": ""},
    }
    unreadable = [
        7,
        None,
        [],
        "x",
        {},
        item("steal"),
        item("commit"),
        item("commit", reservation=7),
    ]
    results = writer.batch(good[0], *bad.values(), good[1], *unreadable, good[2])
    assert statuses(results[:1] + results[7:8] + results[-1:]) == [201, 201, 201]
    assert [code(result["body"]) for result in results[1:7]] == list(bad)
    assert set(statuses(results[8:-1])) == {400}
    assert available(customer) == 97


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"operations": []}, "too-many-operations"),
        ({"operations": [7] * 1001}, "too-many-operations"),
        ({"operations": 7}, "invalid-request"),
        ({}, "invalid-request"),
        ([], "invalid-request"),
        ({"operations": [7], "atomic": True}, "invalid-request"),
    ],
)
def test_a_batch_has_1_to_1000_operations(api, body, refusal):
    assert problem(api.post("/batch", body)) == (400, refusal)


def test_a_thousand_travel_together(api, customer):
    results = api.batch(*[item("debit", **payer(customer), amount="0.05") for _ in range(1000)])
    assert statuses(results) == [201] * 1000
    assert available(customer) == 50
    assert len(books(customer)[3]) == 1000
