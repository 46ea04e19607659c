"""Promise 9: no change of catalogue, plan or price touches a balance; every loss of credit is a
transfer with cause and actor."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Endpoint, RateCard
from ledger.prices import price_terms, rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.factories.accounts import CustomerFactory
from tests.ledger.api.conftest import operate
from tests.ledger.fastpath.shop import books, fund

pytestmark = pytest.mark.django_db

TIERS = (Tier("1000", 9 * CREDIT), Tier(None, CREDIT))


@pytest.fixture
def card():
    endpoint = rate_cards.create_endpoint(code="classify", name="Classify")
    card = rate_cards.create_card(name="first", effective_at=selectors.now() - timedelta(days=9))
    rate_cards.set_price(card, endpoint, per_call=4 * CREDIT)
    rate_cards.publish(card)
    return card


@pytest.fixture
def customer(card):
    """Who bought credits, got some, used some and holds some."""
    customer = CustomerFactory()
    fund(customer, 100, kind="paid", price=2500, currency="USD")
    fund(customer, 10)
    price = card.prices.get()
    hold = operate("reserve", customer, amount=4 * CREDIT, price_id=price.id)
    operate("commit", customer, reservation_id=hold.reservation_id)
    operate("reserve", customer, amount=4 * CREDIT, price_id=price.id)
    return customer


def _dearer(card, customer, /, **whose):
    draft = rate_cards.create_card(name=f"dearer {whose}", effective_at=selectors.now(), **whose)
    units = [Unit("tokens", 1000, mode="graduated", tiers=TIERS, free="10")]
    rate_cards.set_price(draft, Endpoint.objects.get(), per_call=9 * CREDIT, units=units)
    rate_cards.publish(draft)
    return draft


def _withdraw(card, customer):
    other = rate_cards.create_endpoint(code="other", name="Other")
    draft = rate_cards.create_card(name="without", effective_at=selectors.now())
    rate_cards.set_price(draft, other, per_call=1)
    rate_cards.publish(draft, withdrawing=["classify"])


def _policy(card, customer):
    endpoint = Endpoint.objects.get()
    endpoint.code, endpoint.billed_success, endpoint.billed_server_error = "renamed", 0, 100
    rate_cards.save_endpoint(endpoint)


def _group(card, customer):
    group = price_terms.create_group("partners")
    price_terms.set_group(customer, group)
    _dearer(card, customer, group=group)
    price_terms.set_group(customer, None)


def _pin(card, customer):
    _dearer(card, customer)
    price_terms.pin(customer, card, until=selectors.now() + timedelta(seconds=1))
    price_terms.unpin(customer)


CHANGES: dict[str, Callable[[RateCard, object], object]] = {
    "a dearer card": _dearer,
    "a card that withdraws what was used": _withdraw,
    "an endpoint's name and outcome policy": _policy,
    "a group, and out of it": _group,
    "a pin, and its end": _pin,
    "prices of its own": lambda card, customer: _dearer(card, customer, customer=customer),
    "prices of its own, retired": lambda card, customer: rate_cards.retire(
        _dearer(card, customer, customer=customer)
    ),
    "a draft": lambda card, customer: rate_cards.copy_card(card),
}


@pytest.mark.parametrize("change", CHANGES)
def test_promise_9_no_change_of_catalogue_or_price_touches_a_balance(card, customer, change):
    before = books(customer)
    CHANGES[change](card, customer)
    assert books(customer) == before
