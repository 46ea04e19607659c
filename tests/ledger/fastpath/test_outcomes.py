"""Promise 13, charged for failed work: an outcome policy for each endpoint says what is billed of
success, client error, server error, timeout and partial."""

from collections.abc import Iterator

import pytest

from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price, RateCard
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.ledger.fastpath.shop import PRICES, eventually, fund

POLICY = {
    "billed_success": 100,
    "billed_client_error": 25,
    "billed_server_error": 0,
    "billed_timeout": 10,
    "billed_partial": 50,
}


@pytest.fixture
def endpoint(api, customer) -> Iterator[Endpoint]:
    """8 credits a call and 1 for every token, with a policy of its own."""
    fund(customer, 1000)
    endpoint = rate_cards.create_endpoint(code="judged", name="Judged", **POLICY)
    card = rate_cards.create_card(
        name="judged", effective_at=customer.created_at, customer=customer
    )
    units = [Unit("tokens", 1, CREDIT)]
    rate_cards.set_price(card, endpoint, per_call=8 * CREDIT, units=units)
    rate_cards.publish(card)
    eventually(lambda: api.reserve(customer, endpoint="judged").status_code == 201, within=1)
    yield endpoint
    Price.objects.filter(rate_card=card).delete()
    RateCard.objects.filter(id=card.id).delete()
    endpoint.delete()


def taken(api, customer, endpoint, body, **asked):
    hold = api.hold(customer, endpoint=endpoint, **{"amount": "20"} | asked)
    return api.settle(hold, "commit", body).json()["committed"]


@pytest.mark.parametrize(
    ("outcome", "whole", "told"),
    [
        ("success", "20", "12"),
        ("client_error", "5", "3"),
        ("server_error", "0", "0"),
        ("timeout", "2", "1.2"),
        ("partial", "10", "6"),
    ],
)
def test_promise_13_the_endpoint_says_what_is_billed(api, customer, endpoint, outcome, whole, told):
    """Of the whole hold, of what it is told to be, and of its quantity's price."""
    assert taken(api, customer, "judged", {"outcome": outcome}) == whole
    assert taken(api, customer, "judged", {"outcome": outcome, "amount": "12"}) == told
    by_quantity = {"outcome": outcome, "quantity": {"tokens": 4}}
    assert taken(api, customer, "judged", by_quantity) == told


@pytest.mark.parametrize(
    ("outcome", "taken_of_it"),
    [("success", "4"), ("client_error", "0"), ("server_error", "0"), ("timeout", "0")]
    + [("partial", "4")],
)
def test_promise_13_by_default_failures_cost_nothing(api, customer, outcome, taken_of_it):
    assert PRICES["summarize"] == {"per_call": 4 * CREDIT}
    assert taken(api, customer, "summarize", {"outcome": outcome}, amount="4") == taken_of_it


@pytest.mark.parametrize(
    ("status_code", "billed"), [(200, "20"), (404, "5"), (500, "0"), (503, "0"), (504, "2")]
)
def test_promise_13_a_status_tells_the_outcome(api, customer, endpoint, status_code, billed):
    assert taken(api, customer, "judged", {"status_code": status_code}) == billed


def test_who_tells_no_outcome_takes_the_whole_hold(api, customer, endpoint):
    assert taken(api, customer, "judged", {}) == "20"
