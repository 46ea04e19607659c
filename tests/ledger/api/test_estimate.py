from datetime import UTC, datetime

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import HOUSE_ID, Scope
from ledger import services, wallets
from ledger.amounts import CREDIT
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.accounts.conftest import NO_KEY
from tests.factories.accounts import ServiceKeyFactory
from tests.ledger.api.conftest import Caller, operate, problem
from tests.ledger.fastpath.shop import books

pytestmark = pytest.mark.django_db

CALLS = [
    {"endpoint": "classify"},
    {"endpoint": "generate", "quantity": {"tokens": 1200}},
    {"method": "POST", "path": "/v1/generate", "quantity": "1000"},
]


@pytest.fixture(autouse=True)
def prices(db):
    card = rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))
    classify = rate_cards.create_endpoint(code="classify", name="Classify")
    generate = rate_cards.create_endpoint(
        code="generate", name="Generate", method="POST", path_template="/v1/generate"
    )
    rate_cards.set_price(card, classify, per_call=CREDIT)
    rate_cards.set_price(
        card,
        generate,
        per_call=2 * CREDIT,
        units=[Unit("tokens", 1000, 350_000)],
    )
    rate_cards.publish(card)


def estimate(caller, calls=CALLS, **fields):
    return caller.post("/estimate", {"calls": calls} | fields, Idempotency_Key=NO_KEY)


def of(customer):
    return ids.encode("cus", customer.id)


def test_each_call_is_priced_as_its_reservation_would_be(service):
    response = estimate(service)
    assert response.status_code == 200
    per_call = {"rate_card": "2026-11", "per_call": "1", "quantity": None}
    per_token = {
        "rate_card": "2026-11",
        "per_call": "2",
        "quantity": {"name": "tokens", "per": 1000, "amount": "0.35"},
    }
    shown = [
        ("classify", "1", None, per_call),
        ("generate", "2.42", {"tokens": "1200"}, per_token),
        ("generate", "2.35", {"tokens": "1000"}, per_token),
    ]
    names = ("endpoint", "amount", "quantity", "price")
    assert response.json() == {
        "amount": "5.77",
        "calls": [dict(zip(names, one, strict=True)) for one in shown],
        "customer": None,
        "covered": None,
        "available": None,
        "shortfall": None,
    }


def test_of_a_customer_it_says_whether_all_of_it_is_covered(service, customer):
    services.grant(customer.id, amount=5 * CREDIT, kind="promo")
    body = estimate(service, customer=of(customer)).json()
    assert (body["customer"], body["covered"]) == (of(customer), False)
    assert (body["available"], body["shortfall"]) == ("5", "0.77")
    wallets.set_credit_limit(customer.id, limit=CREDIT)
    body = estimate(service, customer=of(customer)).json()
    assert (body["covered"], body["available"], body["shortfall"]) == (True, "5", "0")


def test_what_is_held_covers_nothing(service, funded):
    operate("reserve", funded, amount=95 * CREDIT)
    body = estimate(service, customer=of(funded)).json()
    assert (body["covered"], body["available"]) == (False, "5")


def test_nothing_is_written(service, funded):
    before = books(funded)
    estimate(service, customer=of(funded))
    assert books(funded) == before


def test_a_customers_own_key_asks_about_itself(own, funded):
    for fields in ({}, {"customer": of(funded)}):
        body = estimate(own, **fields).json()
        assert (body["customer"], body["covered"]) == (of(funded), True)


def test_another_customer_is_not_found(stranger, service, funded):
    assert problem(estimate(stranger, customer=of(funded))) == (404, "not-found")
    for name in (ids.encode("cus", uuid7()), ids.encode("cus", HOUSE_ID), "cus_1", ""):
        for caller in (stranger, service):
            assert problem(estimate(caller, customer=name)) == (404, "not-found")


def test_it_takes_the_scope_to_read():
    writer = Caller(ServiceKeyFactory(scopes=[Scope.DEBITS_WRITE]).secret)
    assert problem(estimate(writer)) == (403, "forbidden")
    assert problem(estimate(Caller(None))) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"endpoint": "other"}, "unknown-endpoint"),
        ({"method": "GET", "path": "/v1/generate"}, "unknown-endpoint"),
        ({"endpoint": "classify", "quantity": 3}, "unknown-quantity"),
        ({"endpoint": "generate", "quantity": {"pages": 3}}, "unknown-quantity"),
    ],
)
def test_what_has_no_price_is_refused(service, call, code):
    assert problem(estimate(service, [CALLS[0], call])) == (422, code)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ({}, "endpoint"),
        ({"quantity": 3}, "endpoint"),
        ({"method": "POST"}, "path"),
        ({"endpoint": "generate", "method": "POST", "path": "/v1/generate"}, "endpoint"),
        ({"endpoint": "generate", "quantity": "1e3"}, "quantity"),
        ({"endpoint": "generate", "quantity": -1}, "quantity"),
    ],
)
def test_a_wrong_call_is_named(service, call, field):
    response = estimate(service, [CALLS[0], call])
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == f"calls[1].{field}"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ([], "body"),
        ({"calls": []}, "calls"),
        ({"calls": CALLS[:1] * 1001}, "calls"),
        ({"calls": CALLS, "amount": "1"}, "amount"),
        ({"calls": [{"endpoint": "classify", "amount": "1"}]}, "calls[0].amount"),
        ({"calls": [{"endpoint": 1}]}, "calls[0].endpoint"),
    ],
)
def test_a_wrong_body_is_refused(service, body, field):
    response = service.post("/estimate", body, Idempotency_Key=NO_KEY)
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == field
