"""Groups, pins and customers' own prices stay as they are, unless they are to be ignored."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Customer
from billing.backtest import running
from billing.backtest.results import losers, totals, winners
from billing.models import BackTest, BackTestState
from ledger import selectors
from ledger.prices import price_terms
from tests.billing.backtest.calls import CREDIT, Caller, answered, card, change, endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def classify():
    return endpoint()


@pytest.fixture
def old(classify):
    return card("old", {classify: {"per_call": 2 * CREDIT}}, published=True)


@pytest.fixture
def draft(classify):
    return card("new", {classify: {"per_call": 5 * CREDIT}})


def customer(caller):
    return Customer.objects.get(id=caller.id)


@pytest.fixture
def two(old, classify):
    callers = [Caller.new(old), Caller.new(old)]
    for caller in callers:
        caller.call(classify)
    return callers


def test_who_is_pinned_keeps_the_card_until_then(two, old, draft):
    soon = selectors.now() + timedelta(days=1)
    price_terms.pin(customer(two[0]), old, until=soon)
    assert change(draft) == (4, 7)
    assert change(draft, heeds_terms=False) == (4, 10)
    asked = answered(draft)
    assert asked.facts["calls"] == {"kept_by_terms": 1, "repriced": 1}


def test_a_card_of_a_group_is_for_the_group_only(two, draft, classify):
    group = price_terms.create_group("partners")
    price_terms.set_group(customer(two[0]), group)
    assert change(draft) == (4, 10)  # the group has no card of its own yet
    of_group = card("group", {classify: {"per_call": CREDIT}}, published=True, group=group)
    assert change(of_group) == (4, 3)
    assert change(draft) == (4, 7)
    assert change(of_group, heeds_terms=False) == (4, 2)


def test_prices_of_ones_own_stay(two, draft, classify):
    own = {"customer": customer(two[0])}
    card("own", {classify: {"per_call": 1}}, published=True, **own)
    assert change(draft) == (4, 7)
    assert change(draft, heeds_terms=False) == (4, 10)


def test_a_card_of_one_customer_is_for_that_one_only(two, old, classify):
    other = endpoint("other")
    own = card("own", {classify: {"per_call": CREDIT}}, customer=customer(two[0]))
    assert change(own) == (4, 3)
    elsewhere = card("elsewhere", {other: {"per_call": CREDIT}}, customer=customer(two[1]))
    assert change(elsewhere) == (4, 4)
    assert answered(elsewhere).facts["unpriced"] == {}


def test_who_wins_and_who_loses(two, draft, old, classify):
    two[0].call(classify)
    found = answered(draft)
    names = [customer(caller).name for caller in two]
    assert [(one.name, one.change) for one in losers(found, 10)] == [
        (names[0], 6 * CREDIT),
        (names[1], 3 * CREDIT),
    ]
    assert winners(found, 10) == []
    cheap = answered(card("cheap", {classify: {"per_call": CREDIT}}))
    assert [one.change for one in winners(cheap, 1)] == [-2 * CREDIT]


def test_money_is_at_the_cost_of_the_lots_that_paid(old, draft, classify):
    """One of its two credits was of a lot at 3 dollars each, the other of one at 1 euro."""
    caller = Caller.new(old, credits=1, price=300)
    caller.book.grant(100 * CREDIT, "paid", price=100_00, currency="EUR")
    caller.call(classify)
    found = totals(answered(draft))
    assert found.money == {"USD": (300, 750), "EUR": (100, 250)}


def test_what_was_free_is_valued_at_the_average(classify):
    free = endpoint("free")
    lines = {classify: {"per_call": 2 * CREDIT}, free: {"per_call": 0}}
    caller = Caller.new(card("old", lines, published=True), credits=1, price=300)
    caller.book.grant(100 * CREDIT, "paid", price=100_00, currency="EUR")
    caller.call(classify)
    caller.call(free)
    found = answered(card("new", lines | {free: {"per_call": 4 * CREDIT}}))
    assert totals(found).money == {"USD": (300, 900), "EUR": (100, 300)}


def test_what_promotional_credits_pay_is_no_money(old, draft, classify):
    caller = Caller.new(old)
    caller.book.grant(2 * CREDIT, "promo")
    caller.call(classify)
    found = totals(answered(draft))
    assert (found.change, found.money) == (3 * CREDIT, {})


def test_work_of_the_dead_is_begun_anew(two, draft):
    asked = BackTest.objects.create(
        rate_card=draft, since=datetime(2020, 1, 1, tzinfo=UTC), until=selectors.now()
    )
    assert running.claim() == asked
    assert running.claim() is None
    BackTest.objects.update(beat_at=selectors.now() - running.PATIENCE - timedelta(minutes=1))
    assert running.claim() == asked
    running.run_and_keep(asked)
    assert asked.state == BackTestState.DONE
    assert asked.lines.count() == 2
    assert running.claim() is None
