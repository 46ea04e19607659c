"""Prices that depend on what the month has had, through the service."""

import pytest

from ledger.amounts import CREDIT
from ledger.models import Endpoint
from ledger.prices import rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.ledger.fastpath.shop import eventually, name, problem

TIERS = (Tier("1000", 1_000_000), Tier(None, 500_000))
UNITS = [
    Unit("tokens", 1000, mode="graduated", tiers=TIERS),
    Unit("pages", amount=250_000, free="3"),
]


@pytest.fixture
def sold(api, customer):
    """For this customer alone."""
    endpoint = Endpoint.objects.get(code="generate")
    named = f"of {customer.id}"
    card = rate_cards.create_card(name=named, effective_at=customer.created_at, customer=customer)
    rate_cards.set_price(card, endpoint, units=UNITS, maximum=20 * CREDIT)
    rate_cards.publish(card)
    eventually(lambda: _card(api, customer) == named, within=1)
    return named


def _card(api, customer):
    body = api.reserve(customer, endpoint="generate", amount="0").json()
    api.settle(body, "release")
    return body["price"]["rate_card"]


def debit(api, customer, **quantity):
    return api.debit(customer, endpoint="generate", quantity=quantity).json()


def test_calls_are_priced_one_after_the_other(api, customer, sold):
    assert debit(api, customer, tokens=600)["amount"] == "0.6"
    body = debit(api, customer, tokens=600, pages=2)
    assert (body["amount"], body["quantity"]) == ("0.5", {"pages": "2", "tokens": "600"})
    assert debit(api, customer, pages="2")["amount"] == "0.25"


def test_the_answer_tells_the_whole_price(api, customer, sold):
    assert debit(api, customer, tokens=1)["price"] == {
        "rate_card": sold,
        "per_call": "0",
        "quantity": None,
        "units": [
            {
                "name": "tokens",
                "per": 1000,
                "mode": "graduated",
                "tiers": [{"up_to": "1000", "amount": "1"}, {"up_to": None, "amount": "0.5"}],
            },
            {"name": "pages", "per": 1, "mode": "flat", "amount": "0.25", "free": "3"},
        ],
        "maximum": "20",
    }


def test_a_commit_is_priced_where_its_hold_stood(api, customer, sold):
    asked = {"endpoint": "generate", "quantity": {"tokens": 1000}}
    hold = api.reserve(customer, **asked).json()
    other = api.reserve(customer, **asked).json()
    assert (hold["amount"], other["amount"]) == ("1", "0.5")
    settled = api.settle(hold, "commit", {"quantity": {"tokens": 200}}).json()
    assert settled["committed"] == "0.2"
    assert debit(api, customer, tokens=1000)["amount"] == "0.5"


def test_a_share_of_it_is_billed_by_how_it_ended(api, customer, sold):
    endpoint = Endpoint.objects.get(code="generate")
    endpoint.billed_partial = 30
    rate_cards.save_endpoint(endpoint)
    try:
        eventually(lambda: _partial(api, customer) == "0.3", within=1)
    finally:
        endpoint.billed_partial = 100
        rate_cards.save_endpoint(endpoint)


def _partial(api, customer):
    hold = api.reserve(customer, endpoint="generate", quantity={"tokens": 1000}).json()
    told = {"quantity": {"tokens": 1000}, "outcome": "partial"}
    settled = api.settle(hold, "commit", told).json()
    api.settle(settled, "reverse", {"reason": "tried"})
    return settled["committed"]


def test_a_repeated_request_is_answered_as_before(api, customer, sold):
    body = {"customer": name(customer), "endpoint": "generate", "quantity": {"tokens": 900}}
    first = api.post("/debits", body, Idempotency_Key=f"month-{customer.id}")
    again = api.post("/debits", body, Idempotency_Key=f"month-{customer.id}")
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert debit(api, customer, tokens=200)["amount"] == "0.15"


def test_an_estimate_counts_what_the_month_has_had(api, customer, sold):
    debit(api, customer, tokens=600)
    calls = [{"endpoint": "generate", "quantity": {"tokens": 600, "pages": 2}}] * 2
    told = api.post("/estimate", {"customer": name(customer), "calls": calls}).json()
    assert [call["amount"] for call in told["calls"]] == ["0.5", "0.55"]
    again = api.post("/estimate", {"customer": name(customer), "calls": calls}).json()
    assert again == told


@pytest.mark.parametrize("quantity", [5, {"tokens": 1, "words": 2}, {"calls": 1}])
def test_quantities_are_named(api, customer, sold, quantity):
    response = api.debit(customer, endpoint="generate", quantity=quantity)
    assert problem(response) == (422, "unknown-quantity")
    assert "is priced by tokens and pages" in response.json()["detail"]
