"""By which card a customer pays, through the service, within a second on every process."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price, PriceGroup, PriceTerms, RateCard
from ledger.prices import price_terms, rate_cards
from tests.ledger.fastpath.shop import PRICES, eventually, funded, payer, problem

ALL = set(PRICES)


@pytest.fixture
def customer():
    """Who can call again and again."""
    return rich()


def rich():
    return funded(1_000_000)


@pytest.fixture(autouse=True)
def _as_before(api) -> Iterator[None]:
    """Other tests pay by the shop's card, and the service has heard of it."""
    known = list(RateCard.objects.values_list("id", flat=True))
    yield
    PriceTerms.objects.all().delete()
    made = RateCard.objects.exclude(id__in=known)
    Price.objects.filter(rate_card__in=made).delete()
    made.delete()
    PriceGroup.objects.all().delete()
    till, somebody = Till(api), rich()
    for endpoint in PRICES:
        eventually(lambda one=endpoint: till.cost(somebody, one)[1] == "fastpath", within=10)


def publish(name, credits, *, at: datetime | None = None, endpoint="summarize", **whose):
    card = rate_cards.create_card(name=name, effective_at=at or selectors.now(), **whose)
    sold = Endpoint.objects.get(code=endpoint)
    rate_cards.set_price(card, sold, per_call=credits * CREDIT)
    rate_cards.publish(card, withdrawing=ALL)
    return card


class Till:
    """What a call of each customer costs."""

    def __init__(self, api):
        self.api = api

    def cost(self, customer, endpoint="summarize"):
        body = self.api.debit(customer, endpoint=endpoint).json()
        return body.get("amount"), (body.get("price") or {}).get("rate_card")

    def comes_to(self, customer, amount, card, within=1.0):
        eventually(lambda: self.cost(customer) == (amount, card), within=within)


@pytest.fixture
def till(api):
    return Till(api)


def test_two_groups_pay_by_two_cards_side_by_side(till, customer):
    partners, students = price_terms.create_group("partners"), price_terms.create_group("students")
    partner, student = rich(), rich()
    price_terms.set_group(partner, partners)
    price_terms.set_group(student, students)
    publish("for partners", 3, group=partners)
    publish("for students", 1, group=students)
    till.comes_to(partner, "3", "for partners")
    till.comes_to(student, "1", "for students")
    assert till.cost(customer) == ("4", "fastpath")
    price_terms.set_group(student, partners)
    till.comes_to(student, "3", "for partners")
    price_terms.set_group(student, None)
    till.comes_to(student, "4", "fastpath")


def test_a_group_without_a_card_pays_by_everyones(till, customer):
    price_terms.set_group(customer, price_terms.create_group("early"))
    till.comes_to(customer, "4", "fastpath")


def test_a_card_is_in_force_from_its_date(till, customer):
    now = selectors.now()
    publish("next", 7, at=now + timedelta(seconds=1.5))
    while selectors.now() < now + timedelta(seconds=1.4):
        assert till.cost(customer) == ("4", "fastpath")
    till.comes_to(customer, "7", "next", within=1.1)


def test_a_retired_card_gives_way_to_the_one_before(till, customer):
    card = publish("short", 9)
    till.comes_to(customer, "9", "short")
    rate_cards.retire(card)
    till.comes_to(customer, "4", "fastpath")


def test_a_pinned_customer_pays_by_its_card_until_the_pin_ends(till, customer):
    other = rich()
    until = selectors.now() + timedelta(seconds=3)
    price_terms.pin(customer, RateCard.objects.get(name="fastpath"), until=until)
    publish("dearer", 8)
    till.comes_to(other, "8", "dearer")
    while selectors.now() < until - timedelta(seconds=0.1):
        assert till.cost(customer) == ("4", "fastpath")
    till.comes_to(customer, "8", "dearer", within=1.1)


def test_who_is_pinned_to_a_card_keeps_it_though_it_is_retired(till, customer):
    card = publish("kept", 2)
    price_terms.pin(customer, card)
    till.comes_to(customer, "2", "kept")
    rate_cards.retire(card)
    till.comes_to(rich(), "4", "fastpath")
    assert till.cost(customer) == ("2", "kept")
    price_terms.unpin(customer)
    till.comes_to(customer, "4", "fastpath")


def test_an_override_goes_before_the_others_endpoint_by_endpoint(till, customer):
    card = publish("for one", 1, customer=customer)
    till.comes_to(customer, "1", "for one")
    assert till.cost(customer, "strict") == ("5", "fastpath")
    assert till.cost(rich()) == ("4", "fastpath")
    price_terms.pin(customer, publish("pinned", 6))
    till.comes_to(rich(), "6", "pinned")
    assert till.cost(customer) == ("1", "for one")
    assert problem(till.api.debit(customer, endpoint="strict")) == (422, "unknown-endpoint")
    rate_cards.retire(card)
    till.comes_to(customer, "6", "pinned")


def test_an_override_is_found_by_its_path(till, customer):
    publish("for one", 1, customer=customer)
    till.comes_to(customer, "1", "for one")
    body = till.api.debit(customer, method="POST", path="/v1/files/7/summarize").json()
    assert (body["amount"], body["price"]["rate_card"]) == ("1", "for one")


def test_a_hold_keeps_the_price_it_was_made_with(api, customer):
    endpoint = "generate"
    hold = api.hold(customer, endpoint=endpoint, quantity={"tokens": 2000}, amount="50")
    card = publish("free of tokens", 9, endpoint=endpoint)
    till = Till(api)
    eventually(lambda: till.cost(customer, endpoint) == ("9", card.name), within=1)
    settled = api.settle(hold, "commit", {"quantity": {"tokens": 1000}}).json()
    assert (settled["committed"], settled["price"]["rate_card"]) == ("2.35", "fastpath")


def test_a_changed_policy_of_an_override_is_heard_of(till, api, customer):
    publish("for one", 1, customer=customer)
    till.comes_to(customer, "1", "for one")
    endpoint = Endpoint.objects.get(code="summarize")

    def taken():
        hold = api.hold(customer, endpoint="summarize", amount="1")
        return api.settle(hold, "commit", {"outcome": "timeout"}).json()["committed"]

    assert taken() == "0"
    endpoint.billed_timeout = 50
    rate_cards.save_endpoint(endpoint)
    try:
        eventually(lambda: taken() == "0.5", within=1)
    finally:
        endpoint.billed_timeout = 0
        rate_cards.save_endpoint(endpoint)


def test_a_settlement_is_told_again_whatever_became_of_its_price(api, till, customer):
    """Its first answer may have been lost."""
    asked = payer(customer) | {"amount": "40"}
    lease = api.post("/leases", asked).json()["id"]
    body = {"sequence": 1, "usage": [{"endpoint": "summarize", "calls": 2}]}
    first = api.post(f"/leases/{lease}/settle", body)
    assert (first.status_code, first.json()["settled"]) == (200, "8")
    publish("dearer", 9)
    till.comes_to(customer, "9", "dearer")
    again = api.post(f"/leases/{lease}/settle", body)
    assert again.content == first.content and again.headers["Idempotent-Replayed"] == "true"
    withdrawn = rate_cards.create_card(name="withdrawn", effective_at=selectors.now())
    rate_cards.set_price(withdrawn, Endpoint.objects.get(code="ping"))
    rate_cards.publish(withdrawn, withdrawing=ALL - {"ping"})
    eventually(lambda: till.cost(customer) == (None, None))
    again = api.post(f"/leases/{lease}/settle", body)
    assert again.content == first.content and again.headers["Idempotent-Replayed"] == "true"
    other = body | {"usage": [{"endpoint": "summarize", "calls": 3}]}
    assert problem(api.post(f"/leases/{lease}/settle", other))[1] == "idempotency-key-reused"
