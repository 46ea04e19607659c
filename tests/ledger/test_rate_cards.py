from datetime import UTC, datetime, timedelta

import pytest

from ledger import selectors
from ledger.amounts import LIMIT
from ledger.errors import (
    CardClashes,
    CardEmpty,
    CardLacks,
    CardNeeded,
    CardNotPinnable,
    CardNotPublished,
    CardPublished,
    PinOver,
    PinOverlaps,
    PriceMalformed,
)
from ledger.models import Price, PriceTerms, RateCard
from ledger.prices import price_terms, rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.factories.accounts import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return rate_cards.create_endpoint(code="classify", name="Classify")


@pytest.fixture
def draft():
    return rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))


def test_a_draft_is_edited_until_it_is_published(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    price = rate_cards.set_price(draft, endpoint, per_call=2)
    assert [*draft.prices.all()] == [price]
    rate_cards.publish(draft)
    assert draft.published_at is not None
    with pytest.raises(CardPublished):
        rate_cards.set_price(draft, endpoint, per_call=3)
    assert Price.objects.get().per_call == 2


def test_a_card_is_published_once(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    rate_cards.publish(draft)
    first = draft.published_at
    with pytest.raises(CardPublished):
        rate_cards.publish(draft)
    assert RateCard.objects.get().published_at == first


def test_a_card_without_prices_is_not_published(draft):
    with pytest.raises(CardEmpty):
        rate_cards.publish(draft)


def test_processes_hear_of_a_changed_endpoint_through_its_cards(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    before = RateCard.objects.get().changed_at
    endpoint.billed_client_error = 50
    rate_cards.save_endpoint(endpoint)
    assert RateCard.objects.get().changed_at >= before


def test_a_price_that_is_none_is_refused_and_nothing_saved(draft, endpoint):
    tiers = (Tier("10", 1), Tier(None, 2))
    kept = rate_cards.set_price(draft, endpoint, per_call=5)
    for wrong, said in (
        ({"per_call": -1}, "not below zero"),
        ({"per_call": 0.0000001}, "six decimal places"),
        ({"per_call": LIMIT + 1}, "more than can be held"),
        ({"minimum": -1}, "Minimum: a price is not below zero"),
        ({"minimum": 2, "maximum": 1}, "The minimum of 0.000002 is above the maximum of 0.000001"),
        ({"units": [Unit("a"), Unit("a")]}, "a: this unit is there twice"),
        ({"units": [Unit("a b")]}, "is no name of a unit"),
        ({"units": [Unit("month")]}, "is no name of a unit"),
        ({"units": [Unit("a", size=0)]}, "a price is for 1 to"),
        ({"units": [Unit("a", amount=-1)]}, "a: a price is not below zero"),
        ({"units": [Unit("a", mode="stairs")]}, "'stairs' is none"),
        ({"units": [Unit("a", free="-1")]}, "a, free a month"),
        ({"units": [Unit("a", free="0.1234567891")]}, "nine decimal places"),
        ({"units": [Unit("a", tiers=tiers)]}, "a flat price has no tiers"),
        ({"units": [Unit("a", 1, 1, mode="volume", tiers=tiers)]}, "no amount beside them"),
        ({"units": [graduated()]}, "a graduated price has 1 to 100 tiers"),
        ({"units": [graduated(Tier("10", 1), Tier("10", 2), Tier(None, 3))]}, "tier 2: it ends at"),
        ({"units": [graduated(Tier("0", 1), Tier(None, 3))]}, "tier 1: it ends at 0"),
        ({"units": [graduated(Tier("10", 1), Tier("20", 2))]}, "the last tier ends at 20"),
        ({"units": [graduated(Tier(None, 1), Tier("20", 2))]}, "tier 1: only the last tier has no"),
        ({"units": [graduated(Tier("x", 1), Tier(None, 2))]}, "a, tier 1: a quantity is"),
        ({"units": [graduated(Tier("9", 1), Tier(None, -2))]}, "a, tier 2: a price is not below"),
        ({"units": [Unit(f"u{n}") for n in range(9)]}, "at most 8 units"),
    ):
        with pytest.raises(PriceMalformed) as refused:
            rate_cards.set_price(draft, endpoint, **wrong)
        assert said in refused.value.detail
    assert list(Price.objects.values("id", "per_call", "units")) == [
        {"id": kept.id, "per_call": 5, "units": []}
    ]


def graduated(*tiers):
    return Unit("a", mode="graduated", tiers=tiers)


def test_numbers_are_kept_in_one_form(draft, endpoint):
    unit = Unit("a", free="010.50", mode="volume", tiers=(Tier("100.0", 1), Tier(None, 2)))
    price = rate_cards.set_price(draft, endpoint, units=[unit])
    price.refresh_from_db()
    assert price.units[0]["free"] == "10.5"
    assert price.units[0]["tiers"][0] == {"up_to": "100", "amount": 1}


def test_two_cards_of_the_same_customers_do_not_begin_at_once(endpoint):
    at, group = selectors.now(), price_terms.create_group("partners")
    of_all = publish(endpoint, "all", at)
    publish(endpoint, "partners", at, group=group)
    publish(endpoint, "one", at, customer=CustomerFactory())
    publish(endpoint, "other", at, customer=CustomerFactory())
    with pytest.raises(CardClashes, match="Rate card all of the same customers begins on"):
        publish(endpoint, "all again", at)
    with pytest.raises(CardClashes, match="partners"):
        publish(endpoint, "partners again", at, group=group)
    assert not RateCard.objects.filter(name__endswith="again", published_at__isnull=False).exists()
    later = publish(endpoint, "later", at + timedelta(seconds=1))
    rate_cards.retire(later)
    publish(endpoint, "later again", later.effective_at)
    assert rate_cards.in_force(None, at) == of_all


def test_a_card_sells_what_the_card_before_it_sells(endpoint):
    now, other = selectors.now(), rate_cards.create_endpoint(code="other", name="Other")
    first = publish(endpoint, "first", now - timedelta(days=2))
    with pytest.raises(CardLacks, match="no price of classify, which first before it sells"):
        publish(other, "second", now - timedelta(days=1))
    second = RateCard.objects.get(name="second")
    assert second.published_at is None
    rate_cards.publish(second, withdrawing=["classify"])
    assert rate_cards.in_force(None, now) == second
    group = price_terms.create_group("partners")
    with pytest.raises(CardLacks, match="no price of other, which second"):
        publish(endpoint, "partners", now, group=group)
    publish(endpoint, "one", now, customer=CustomerFactory())
    assert rate_cards.before(first) == second


def test_a_retired_card_is_retired_once_and_a_draft_never(draft, endpoint):
    with pytest.raises(CardNotPublished):
        rate_cards.retire(draft)
    now = selectors.now()
    publish(endpoint, "first", now - timedelta(days=2))
    second = publish(endpoint, "second", now - timedelta(days=1))
    rate_cards.retire(second)
    with pytest.raises(CardNotPublished):
        rate_cards.retire(second)
    assert rate_cards.in_force(None, selectors.now()).name == "first"
    assert rate_cards.in_force(None, now).name == "second"
    with pytest.raises(CardPublished):
        rate_cards.set_price(second, endpoint, per_call=2)


def test_the_last_card_is_not_retired(endpoint):
    card = publish(endpoint, "first", selectors.now())
    with pytest.raises(CardNeeded):
        rate_cards.retire(card)
    card.refresh_from_db()
    assert card.retired_at is None


def test_a_copy_is_for_the_same_customers(endpoint):
    unit = graduated(Tier("10", 1), Tier(None, 2))
    card = publish(endpoint, "one", selectors.now(), customer=CustomerFactory(), units=[unit])
    draft = rate_cards.copy_card(card, name="two")
    assert (draft.customer, draft.published_at) == (card.customer, None)
    assert [price.units for price in draft.prices.all()] == [card.prices.get().units]


def test_pins_do_not_overlap_and_end_in_the_future(endpoint):
    now, customer = selectors.now(), CustomerFactory()
    first = publish(endpoint, "first", now - timedelta(days=2))
    second = publish(endpoint, "second", now - timedelta(days=1))
    coming = publish(endpoint, "coming", now + timedelta(days=1))
    own = publish(endpoint, "own", now, customer=customer)
    draft = rate_cards.create_card(name="draft", effective_at=now)
    for card in (coming, own, draft):
        with pytest.raises(CardNotPinnable):
            price_terms.pin(customer, card)
    with pytest.raises(PinOver):
        price_terms.pin(customer, first, until=now)
    price_terms.pin(customer, first, until=now + timedelta(days=1))
    with pytest.raises(PinOverlaps, match="pinned to rate card first until"):
        price_terms.pin(customer, second)
    price_terms.pin(customer, first, until=now + timedelta(days=2))
    terms = PriceTerms.objects.get(customer=customer)
    assert (terms.pinned_to, terms.pinned_until) == (first, now + timedelta(days=2))


def test_a_card_is_found_for_a_customer_at_any_time(endpoint):
    now, customer = selectors.now(), CustomerFactory()
    other = rate_cards.create_endpoint(code="other", name="Other")
    for name, days, cost in (("old", 9, 1), ("new", 1, 2)):
        card = rate_cards.create_card(name=name, effective_at=now - timedelta(days=days))
        rate_cards.set_price(card, endpoint, per_call=cost)
        rate_cards.set_price(card, other, per_call=cost * 10)
        rate_cards.publish(card)
    publish(endpoint, "own", now - timedelta(days=3), customer=customer, per_call=7)

    def costs(days, whom):
        card = rate_cards.card_of(whom, now - timedelta(days=days))
        return sorted((price.endpoint, price.per_call) for price in card.prices)

    assert costs(0, None) == [("classify", 2), ("other", 20)]
    assert costs(0, customer.id) == [("classify", 7), ("other", 20)]
    assert costs(2, customer.id) == [("classify", 7), ("other", 10)]
    assert costs(5, customer.id) == [("classify", 1), ("other", 10)]
    assert costs(10, customer.id) == []


def publish(endpoint, name, at, *, per_call=1, units=(), **whose):
    card = rate_cards.create_card(name=name, effective_at=at, **whose)
    rate_cards.set_price(card, endpoint, per_call=per_call, units=units)
    rate_cards.publish(card)
    return card
