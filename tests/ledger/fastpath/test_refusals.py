"""Every bad input gets its status and type, and changes nothing."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import HOUSE_ID, Scope
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import books, code, new_key, payer, problem

NO_AMOUNTS = [
    *("1.5", "-1", "1e3", "1E3", "true", "false", "null", "[]", "{}", '["1"]', "1.0", "-0.0", "-0"),
    *("NaN", "Infinity", "-Infinity", "1e999", "100000000000000000000"),
    *('""', '" "', '"-1"', '"+1"', '"1e3"', '"NaN"', '"Infinity"', '"1.0000001"', '".5"', '"5."'),
    *('"1,5"', '"1_000"', '" 1"', '"1 "', '"0x1"', '"\\u0661"', '"99999999999999999999"'),
]


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_refused(api, customer, amount):
    hold = api.hold(customer)
    before = books(customer)
    fields = f'"customer": "{payer(customer)["customer"]}", "amount": {amount}'
    for path in ("/reservations", "/debits"):
        assert problem(api.post(path, f"{{{fields}}}".encode())) == (400, "malformed-amount")
    settling = f'{{"amount": {amount}}}'.encode()
    assert problem(api.settle(hold, "commit", settling)) == (400, "malformed-amount")
    settling = f'{{"reason": "x", "amount": {amount}}}'.encode()
    assert problem(api.settle(hold, "reverse", settling)) == (400, "malformed-amount")
    assert books(customer) == before


WRONG = [
    ({"amount": 1, "expires_in": 0}, 400, "invalid-request"),
    ({"amount": 1, "expires_in": 86_401}, 400, "invalid-request"),
    ({"amount": 1, "expires_in": "900"}, 400, "invalid-request"),
    ({"amount": 1, "expires_in": 1.5}, 400, "invalid-request"),
    ({"amount": 1, "overrun": "maybe"}, 400, "invalid-request"),
    ({"amount": 1, "ammount": 2}, 400, "invalid-request"),
    ({"amount": 1, "metadata": {"a": 1}}, 400, "invalid-request"),
    ({"amount": 1, "metadata": {"a": "\0"}}, 400, "invalid-request"),
    ({"amount": 1, "metadata": {str(n): "" for n in range(21)}}, 400, "invalid-request"),
    ({"amount": 1, "metadata": {"a": "x" * 2048}}, 400, "invalid-request"),
    ({"amount": 1, "api_key": "ddk_x"}, 400, "invalid-request"),
    ({}, 400, "invalid-request"),
    ({"method": "POST"}, 400, "invalid-request"),
    ({"path": "/v1/files/1/summarize"}, 400, "invalid-request"),
    (
        {"endpoint": "classify", "method": "POST", "path": "/v1/files/1/classify"},
        400,
        "invalid-request",
    ),
    ({"endpoint": 7}, 400, "invalid-request"),
    ({"endpoint": "nothing"}, 422, "unknown-endpoint"),
    ({"method": "GET", "path": "/v1/files/1/summarize"}, 422, "unknown-endpoint"),
    ({"method": "POST", "path": "/v1/files//summarize"}, 422, "unknown-endpoint"),
    ({"endpoint": "classify", "quantity": 5}, 422, "unknown-quantity"),
    ({"endpoint": "generate", "quantity": {"words": 5}}, 422, "unknown-quantity"),
    ({"endpoint": "generate", "quantity": {"tokens": 5, "words": 5}}, 422, "unknown-quantity"),
    ({"amount": 1, "quantity": 5}, 422, "unknown-quantity"),
    ({"endpoint": "generate", "quantity": {"tokens": -5}}, 400, "invalid-request"),
    ({"endpoint": "generate", "quantity": {"tokens": "many"}}, 400, "invalid-request"),
    ({"endpoint": "generate", "quantity": {"tokens": True}}, 400, "invalid-request"),
    ({"endpoint": "generate", "quantity": [5]}, 400, "invalid-request"),
    ({"endpoint": "generate", "quantity": 10**13}, 400, "invalid-request"),
]


@pytest.mark.parametrize(("fields", "status", "refusal"), WRONG)
def test_a_wrong_field_is_refused_by_name(api, customer, fields, status, refusal):
    before = books(customer)
    for path in ("/reservations", "/debits"):
        assert problem(api.post(path, payer(customer) | fields)) == (status, refusal)
    (item,) = api.batch({"op": "debit", "idempotency_key": new_key()} | payer(customer) | fields)
    assert (item["status"], code(item["body"])) == (status, refusal)
    assert books(customer) == before


@pytest.mark.parametrize(
    ("verb", "fields", "status", "refusal"),
    [
        ("commit", {"amount": 1, "quantity": 1}, 400, "invalid-request"),
        ("commit", {"outcome": "success", "status_code": 200}, 400, "invalid-request"),
        ("commit", {"outcome": "fine"}, 400, "invalid-request"),
        ("commit", {"status_code": 99}, 400, "invalid-request"),
        ("commit", {"final": "no"}, 400, "invalid-request"),
        ("commit", {"quantity": {"tokens": 1}}, 422, "unknown-quantity"),
        ("commit", [], 400, "invalid-request"),
        ("release", {"amount": 1}, 400, "invalid-request"),
        ("extend", {}, 400, "invalid-request"),
        ("extend", {"expires_in": 86_401}, 400, "invalid-request"),
        ("reverse", {}, 400, "invalid-request"),
        ("reverse", {"reason": ""}, 400, "invalid-request"),
        ("reverse", {"reason": "\0"}, 400, "invalid-request"),
        ("reverse", {"reason": "x" * 501}, 400, "invalid-request"),
    ],
)
def test_a_wrong_settlement_is_refused(api, customer, verb, fields, status, refusal):
    hold = api.hold(customer)
    before = books(customer)
    assert problem(api.settle(hold, verb, fields)) == (status, refusal)
    assert books(customer) == before


def test_the_fields_that_are_wrong_are_named(api, customer):
    unknown = api.reserve(customer, amount=1, ammount=2).json()
    assert unknown["errors"] == [{"field": "ammount", "detail": "Unknown field."}]
    body = api.reserve(customer, amount=1, expires_in=0).json()
    assert body["errors"] == [{"field": "expires_in", "detail": "Expected `int` >= 1"}]
    assert "expires_in" in body["detail"]


@pytest.mark.parametrize(
    "customer_id", ["cus_" + "0" * 32, "cus_x", "", "x", f"cus_{HOUSE_ID.hex}", "CUS_" + "0" * 32]
)
def test_an_unknown_customer_is_not_found(api, customer_id):
    response = api.post("/reservations", {"customer": customer_id, "amount": 1})
    assert problem(response) == (404, "not-found")


def test_what_is_not_ones_own_cannot_be_told_from_what_is_not_there(api, customer):
    hold = api.hold(customer)["id"]
    other_customer = hold.replace(hold[4:36], "01900000000070008000000000000000")
    other_price = hold[:-8] + "7fffffff"
    other_case = hold[:4] + hold[4:].upper()
    answers = []
    other_id = hold[:36] + "0190" + hold[40:]
    names = ("rsv_" + "0" * 72, other_customer, other_id, other_case, hold[:-1], "x", other_price)
    for id, fields in product(names, ({"status_code": 200}, {"quantity": 5})):
        before = books(customer)
        response = api.post(f"/reservations/{id}/commit", fields)
        assert problem(response) == (404, "not-found")
        answers.append({**response.json(), "request_id": ""})
        assert books(customer) == before
    assert all(answer["title"] == answers[0]["title"] for answer in answers)


def test_a_quantity_that_no_hold_takes_is_refused_where_there_is_the_hold(api, customer):
    hold = api.hold(customer, endpoint="summarize")
    before = books(customer)
    assert problem(api.settle(hold, "commit", {"quantity": 5})) == (422, "unknown-quantity")
    assert books(customer) == before
    api.settle(hold, "commit")
    assert problem(api.settle(hold, "commit", {"quantity": 5})) == (422, "unknown-quantity")
    for wrong_price in ("00000000", f"{int(hold['id'][-8:], 16) + 1:08x}"):
        wrong = {"id": hold["id"][:-8] + wrong_price}
        assert problem(api.settle(wrong, "commit", {"quantity": 5})) == (404, "not-found")


@pytest.mark.parametrize("amount", ["0", 0, "0.000000"])
def test_a_reversal_of_zero_is_none(api, customer, amount):
    debit = api.debit(customer, amount=5).json()
    before = books(customer)
    answer = api.settle(debit, "reverse", {"reason": "x", "amount": amount})
    assert problem(answer) == (400, "malformed-amount")
    assert "more than zero" in answer.json()["detail"]
    assert books(customer) == before


class TestKeysOfCustomers:
    def test_unknown_and_mistyped(self, api, customer):
        secret = ApiKeyFactory(customer=customer).secret
        for wrong in (secret[:-1] + "!", secret.swapcase(), "", "ddk_x", secret + "x"):
            response = api.post("/debits", {"api_key": wrong, "amount": 1})
            assert problem(response) == (403, "key-invalid")

    def test_revoked(self, api, customer):
        key, secret = ApiKeyFactory(customer=customer)
        services.revoke_key(key)
        response = api.post("/debits", {"api_key": secret, "amount": 1})
        assert problem(response) == (403, "key-revoked")

    def test_expired(self, api, customer):
        past = timezone.now() - timedelta(seconds=1)
        secret = ApiKeyFactory(customer=customer, expires_at=past).secret
        response = api.post("/debits", {"api_key": secret, "amount": 1})
        assert problem(response) == (403, "key-expired")


class TestScopes:
    def test_nothing_is_written_without_the_scope_for_it(self, shop, customer):
        reader = shop.api(shop.key(Scope.READ, Scope.ADMIN))
        hold = shop.api().hold(customer)
        before = books(customer)
        assert problem(reader.reserve(customer, endpoint="classify")) == (403, "forbidden")
        assert problem(reader.debit(customer, endpoint="classify")) == (403, "forbidden")
        for verb in ("commit", "release", "extend", "reverse"):
            assert problem(reader.settle(hold, verb)) == (403, "forbidden")
        assert books(customer) == before

    def test_an_amount_of_ones_own_takes_another(self, shop, customer):
        writer = shop.api(shop.key(Scope.DEBITS_WRITE))
        assert problem(writer.reserve(customer, amount=1)) == (403, "forbidden")
        assert problem(writer.debit(customer, amount=1)) == (403, "forbidden")
        response = writer.reserve(customer, endpoint="summarize")
        assert response.status_code == 201
        assert writer.settle(response.json(), "commit", {"amount": 3}).status_code == 200

    def test_so_does_a_reversal(self, shop, customer):
        writer = shop.api(shop.key(Scope.DEBITS_WRITE, Scope.DEBITS_AMOUNT))
        reverser = shop.api(shop.key(Scope.DEBITS_REVERSE))
        debit = writer.debit(customer, amount=1).json()
        assert problem(writer.settle(debit, "reverse", {"reason": "x"})) == (403, "forbidden")
        assert reverser.settle(debit, "reverse", {"reason": "x"}).status_code == 200
