"""Leases through the service: POST /v1/leases and its settlements."""

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey, Scope
from ledger import limits
from ledger.limits import Limit
from ledger.models import Endpoint, Reservation
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import NO_KEY, available, books, eventually, funded, payer, problem


def lease(api, customer, amount="40", **fields):
    return api.post("/leases", payer(customer) | {"amount": amount} | fields)


def settle(api, made, sequence, usage=(), **fields):
    body = {"sequence": sequence, "usage": list(usage)} | fields
    return api.post(f"/leases/{made['id']}/settle", body, Idempotency_Key=NO_KEY)


def test_a_lease_is_a_hold_that_says_until_when(api, customer):
    response = lease(api, customer, expires_in=120)
    body = response.json()
    assert response.status_code == 201 and body["id"].startswith("lse_")
    assert (body["status"], body["amount"], body["sequence"]) == ("open", "40", 0)
    assert (body["grace"], body["settled"]) == (30, "0")
    assert body["balance"] == {"available": "60", "held": "40", "frozen": "0", "total": "100"}


def test_the_same_key_gets_the_same_lease(api, customer):
    asked = payer(customer) | {"amount": "40"}
    first, again = (api.post("/leases", asked, Idempotency_Key="one") for _ in range(2))
    assert first.content == again.content and again.headers["Idempotent-Replayed"] == "true"
    assert available(customer) == 60


def test_it_has_what_there_is_down_to_its_minimum(api, customer):
    assert lease(api, customer, "500", minimum="20").json()["amount"] == "100"
    refused = lease(api, customer, "500", minimum="20")
    assert problem(refused) == (402, "insufficient-credits")
    assert (refused.json()["required"], refused.json()["available"]) == ("20", "0")


def test_calls_are_priced_and_each_line_is_in_the_log(api, customer):
    made = lease(api, customer).json()
    usage = [
        {"endpoint": "summarize", "calls": 3},
        {"endpoint": "generate", "calls": 2, "quantity": {"tokens": 3000}},
        {"endpoint": "classify", "calls": 5, "amount": "2.5"},
    ]
    response = settle(api, made, 1, usage)
    body = response.json()
    assert response.status_code == 200, body
    # 3 times 4; 2 times 2 and three thousand at 0.35; as it was said.
    assert (body["status"], body["settled"]) == ("ended", "19.55")
    assert body["balance"]["available"] == "80.45"
    found = Reservation.objects.filter(customer=customer, calls__gt=0)
    assert sorted((one.calls, one.committed) for one in found) == [
        (2, 5_050_000),
        (3, 12_000_000),
        (5, 2_500_000),
    ]
    assert {one.metadata["lease"] for one in found} == {made["id"]}


def test_a_settlement_is_done_once_and_told_again(api, customer):
    made = lease(api, customer).json()
    usage = [{"endpoint": "summarize", "calls": 2}]
    first, again = (settle(api, made, 1, usage, renew=True) for _ in range(2))
    assert first.content == again.content and again.headers["Idempotent-Replayed"] == "true"
    assert first.json()["amount"] == "40" and available(customer) == 52
    other = settle(api, made, 1, [], renew=True)
    assert problem(other) == (422, "idempotency-key-reused")


def test_a_gap_is_told_with_the_number_that_is_due(api, customer):
    made = lease(api, customer).json()
    refused = settle(api, made, 3)
    assert problem(refused) == (409, "lease-sequence-gap") and refused.json()["expected"] == 1


def test_an_ended_lease_says_so(api, customer):
    made = lease(api, customer).json()
    settle(api, made, 1)
    assert problem(settle(api, made, 2)) == (409, "lease-ended")


def test_more_than_it_has_posts_nothing(api, customer):
    made = lease(api, customer, "5").json()
    before = books(customer)
    refused = settle(api, made, 1, [{"endpoint": "summarize", "calls": 2}])
    assert problem(refused) == (422, "amount-exceeds-lease")
    assert refused.json()["amount"] == "5" and books(customer) == before


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"amount": "0"}, (422, "malformed-amount")),
        ({"amount": "-1"}, (422, "malformed-amount")),
        ({"amount": "5", "minimum": "6"}, (400, "invalid-request")),
        ({"amount": "5", "minimum": "0"}, (422, "malformed-amount")),
        ({"amount": "5", "expires_in": 0}, (400, "invalid-request")),
        ({"amount": "5", "expires_in": 1801}, (400, "invalid-request")),
        ({"amount": "5", "sequence": 1}, (400, "invalid-request")),
        ({}, (400, "invalid-request")),
    ],
)
def test_a_wrong_wish_is_told_and_nothing_is_held(api, customer, asked, refusal):
    before = books(customer)
    response = api.post("/leases", payer(customer) | asked)
    status, code = problem(response)
    assert code == refusal[1] and 400 <= status < 500
    assert books(customer) == before


@pytest.mark.parametrize(
    "line",
    [
        {"endpoint": "nobody"},
        {"endpoint": "summarize", "calls": -1},
        {"endpoint": "summarize", "calls": 0},
        {"endpoint": "summarize", "calls": 10**9},
        {"endpoint": "summarize", "quantity": {"tokens": 1}},
        {"endpoint": "generate", "quantity": {"words": 1}},
        {"endpoint": "summarize", "amount": "x"},
        {"endpoint": "summarize", "costs": 1},
        {},
        "summarize",
    ],
)
def test_a_wrong_line_posts_nothing_of_its_settlement(api, customer, line):
    made = lease(api, customer).json()
    before = books(customer)
    response = settle(api, made, 1, [{"endpoint": "classify"}, line])
    status, _ = problem(response)
    assert 400 <= status < 500 and books(customer) == before


def test_an_amount_of_its_own_takes_its_scope(shop, api, customer):
    narrow = shop.api(shop.key(Scope.DEBITS_WRITE))
    made = lease(narrow, customer).json()
    line = {"endpoint": "summarize", "amount": "1"}
    assert problem(settle(narrow, made, 1, [line])) == (403, "forbidden")
    assert settle(narrow, made, 1, [{"endpoint": "summarize"}]).status_code == 200


def test_reading_takes_no_leases(shop, customer):
    reader = shop.api(shop.key(Scope.READ))
    assert problem(lease(reader, customer)) == (403, "forbidden")


@pytest.mark.parametrize(
    "name", ["lse_1", "rsv_" + "0" * 72, "lse_" + "0" * 64, "lse_" + "f" * 64, "x"]
)
def test_unknown_leases_are_not_found(api, name):
    response = settle(api, {"id": name}, 1)
    assert problem(response) == (404, "not-found")


def test_a_key_pays_for_its_lease_unless_it_is_for_some_calls_only(api, customer):
    plain = ApiKeyFactory(customer=customer)
    asked = {"api_key": plain.secret, "amount": "5"}
    made = api.post("/leases", asked).json()
    settle(api, made, 1, [{"endpoint": "summarize"}])
    (line,) = Reservation.objects.filter(customer=customer, calls=1)
    assert line.api_key_id == plain.key.id
    narrow = ApiKeyFactory(customer=customer, endpoints=["summarize"])
    refused = api.post("/leases", {"api_key": narrow.secret, "amount": "5"})
    assert problem(refused) == (409, "lease-impossible")


def test_a_limit_of_an_endpoint_makes_a_lease_impossible(api, customer):
    endpoint = Endpoint.objects.get(code="summarize")
    cap = Limit("endpoint", "spend", endpoint.id, period="day", hard=50)
    limits.set_limits(customer.id, "provider", [cap])
    assert problem(lease(api, customer)) == (409, "lease-impossible")


def test_a_suspended_customer_leases_nothing_and_settles_what_it_has(api):
    customer = funded()
    made = lease(api, customer).json()
    services.suspend_customer(customer)
    eventually(lambda: problem_of(lease(api, customer)) == (403, "customer-suspended"))
    assert settle(api, made, 1, [{"endpoint": "summarize"}]).json()["settled"] == "4"


def test_a_lease_is_told_again_though_its_customer_was_suspended_since(api):
    customer = funded()
    asked = payer(customer) | {"amount": "40"}
    first = api.post("/leases", asked, Idempotency_Key="before")
    services.suspend_customer(customer)
    eventually(lambda: problem_of(lease(api, customer)) == (403, "customer-suspended"))
    again = api.post("/leases", asked, Idempotency_Key="before")
    assert again.content == first.content and again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "end",
    [
        lambda customer, key: services.suspend_customer(customer),
        lambda customer, key: services.revoke_key(key),
        lambda customer, key: services.suspend_key(key),
        lambda customer, key: services.suspend_keys(customer.id),
        lambda customer, key: ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now()),
    ],
    ids=["customer suspended", "key revoked", "key suspended", "keys suspended", "key expired"],
)
def test_who_may_not_pay_any_more_gets_no_more_when_it_renews(api, end):
    customer = funded()
    key, secret = ApiKeyFactory(customer=customer)
    made = api.post("/leases", {"api_key": secret, "amount": "40"}).json()
    usage = [{"endpoint": "summarize"}]
    assert settle(api, made, 1, usage, renew=True).json()["amount"] == "40"
    end(customer, key)
    renewed = settle(api, made, 2, usage, renew=True).json()
    assert (renewed["status"], renewed["settled"], renewed["amount"]) == ("open", "4", "36")
    assert renewed["balance"]["available"] == "56"


def test_another_key_may_be_revoked(api):
    customer = funded()
    secret, (other, _) = ApiKeyFactory(customer=customer).secret, ApiKeyFactory(customer=customer)
    made = api.post("/leases", {"api_key": secret, "amount": "40"}).json()
    services.revoke_key(other)
    renewed = settle(api, made, 1, [{"endpoint": "summarize"}], renew=True).json()
    assert renewed["amount"] == "40"


def problem_of(response):
    return problem(response) if response.status_code >= 400 else None


def test_it_is_settled_by_post(api, customer):
    made = lease(api, customer).json()
    answer = api.send("GET", f"/leases/{made['id']}/settle")
    assert problem(answer) == (405, "method-not-allowed")
