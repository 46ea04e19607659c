"""The page of one call: how its price came to be, what paid for it, and what the API says of it."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.ids import uuid7
from ledger import call_costs, call_news, selectors, services, wallets
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.models import Lot
from ledger.prices import parts, pricing, rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.accounts.conftest import Caller
from tests.factories.accounts import CustomerFactory, ServiceKeyFactory
from tests.ledger.api.conftest import operate


@pytest.fixture
def customer(member):
    services.grant(member.customer_id, amount=1000 * CREDIT, kind="promo")
    return member.customer


@pytest.fixture
def secret(db):
    return ServiceKeyFactory().secret


def new_price(**fields):
    endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex[:8]}", name="Generate")
    card = rate_cards.create_card(name=uuid7().hex, effective_at=selectors.now())
    price = rate_cards.set_price(card, endpoint, **fields)
    rate_cards.publish(card)
    return price


def page_of(browser, result, price=None):
    name = ReservationId(result.customer_id, result.reservation_id, price.id if price else 0)
    page = browser.get(reverse("call", args=[str(name)]))
    assert page.status_code == 200
    return page


def lines(page):
    """What stands in the sums of a page: words and amounts, without their notes."""
    text = page.content.decode()
    rows = re.findall(r"<dt>(.*?)</dt><dd class=\"amount\">(.*?)</dd>", text)
    return [(re.sub("<.*", "", unescape(words)), amount) for words, amount in rows]


def costs_of(customer, result):
    (call,) = call_news.with_ids(customer.id, [result.reservation_id])
    return call.found, call_costs.costs(call.found, call_costs.kept(call.found))


def test_a_sum_of_units(browser, customer):
    units = [Unit("tokens", 1000, 350_000), Unit("pages", 1, 2 * CREDIT)]
    price = new_price(per_call=CREDIT, units=units)
    asked = {"tokens": "2000", "pages": "1"}
    hold = operate("reserve", customer, amount=3_700_000, price_id=price.id, quantities=asked)
    used = {"tokens": "1200", "pages": "1"}
    operate(
        "commit",
        customer,
        reservation_id=hold.reservation_id,
        amount=3_420_000,
        quantities=used,
        outcome="success",
    )
    page = page_of(browser, hold, price)
    assert lines(page) == [
        ("The call", "1"),
        ("1,200 tokens × 0.35 per 1,000", "0.42"),
        ("1 pages × 2", "2"),
        ("Committed", "3.42"),
        ("The call", "1"),
        ("2,000 tokens × 0.35 per 1,000", "0.7"),
        ("1 pages × 2", "2"),
        ("Held", "3.7"),
    ]
    assert re.findall(r'data-label="(?:Reserved|Used)">([^<]*)<', page.content.decode()) == [
        *("1", "1", "2,000", "1,200")
    ]
    lot = Lot.objects.get(customer=customer)
    assert f'/portal/lots/{lot.id}/">Lot\N{NO-BREAK SPACE}{lot.seq}</a>' in page.content.decode()
    assert "<dt>Frozen</dt><dd>0</dd>" in page.content.decode()
    assert "Success" in page.content.decode() and price.rate_card.name in page.content.decode()


def test_what_an_outcome_is_not_billed(browser, customer):
    price = new_price(per_call=4 * CREDIT)
    hold = operate("reserve", customer, amount=4 * CREDIT, price_id=price.id)
    operate(
        "commit", customer, reservation_id=hold.reservation_id, amount=0, outcome="server_error"
    )
    assert lines(page_of(browser, hold, price))[:3] == [
        ("The call", "4"),
        ("0 % of it is billed", "-4"),
        ("Committed", "0"),
    ]


def test_minimum_and_maximum(browser, customer):
    price = new_price(units=[Unit("tokens", 1, 10)], minimum=1000, maximum=5000)
    for tokens, amount, line in (("3", 1000, "At least 0.001"), ("900", 5000, "At most 0.005")):
        done = operate(
            "debit", customer, amount=amount, price_id=price.id, quantities={"tokens": tokens}
        )
        assert lines(page_of(browser, done, price))[1][0] == f"{line} a call"


def test_amounts_without_a_price(browser, customer):
    hold = operate("reserve", customer, amount=4 * CREDIT)
    assert lines(page_of(browser, hold)) == [("Amount of the service", "4"), ("Held", "4")]
    operate("commit", customer, reservation_id=hold.reservation_id, amount=CREDIT, final=False)
    operate("commit", customer, reservation_id=hold.reservation_id, amount=2 * CREDIT)
    assert lines(page_of(browser, hold))[:3] == [
        ("Committed in parts", "1"),
        ("Amount of the service", "2"),
        ("Committed", "3"),
    ]


def test_more_than_was_held_is_not_collected(browser, customer):
    hold = operate("reserve", customer, amount=4 * CREDIT, overrun="cap")
    operate("commit", customer, reservation_id=hold.reservation_id, amount=5 * CREDIT)
    assert lines(page_of(browser, hold))[:3] == [
        ("Amount of the service", "5"),
        ("Not collected", "-1"),
        ("Committed", "4"),
    ]


def test_lots_balance_and_what_was_given_back(browser, customer):
    lot = services.grant(customer.id, amount=CREDIT, kind="goodwill", priority=1).lot_id
    done = operate("debit", customer, amount=3 * CREDIT, request_id="req-7", metadata={"job": "x7"})
    operate(
        "reverse",
        customer,
        reservation_id=done.reservation_id,
        amount=CREDIT,
        detail={"reason": "It was empty"},
    )
    text = page_of(browser, done).content.decode()
    assert f"/portal/lots/{lot}/" in text and "Goodwill" in text and "Promotional" in text
    assert "It was empty" in text and "req-7" in text and "x7" in text
    assert f"txn_{done.transaction_id.hex}" in text and "/portal/statement/?from=" in text
    # As the answer said it, not as it is after the reversal.
    assert re.search(r"<dt>Total</dt><dd>998</dd>", text)
    assert re.search(r'id="cost">2<', text)


def test_what_was_spent_in_credit_is_of_no_lot(browser, member):
    customer = member.customer
    wallets.set_credit_limit(customer.id, limit=5 * CREDIT)
    done = operate("debit", customer, amount=3 * CREDIT)
    text = page_of(browser, done).content.decode()
    assert "In credit" in text and "/portal/lots/" not in text.split('id="main"')[1]


def test_raw_json_is_the_apis(browser, customer, secret):
    price = new_price(per_call=4 * CREDIT)
    hold = operate("reserve", customer, amount=4 * CREDIT, price_id=price.id, address="10.0.0.9")
    page = page_of(browser, hold, price).content.decode()
    (told,) = re.findall(r'id="json"[^>]*>(.*?)</pre>', page, re.S)
    name = ReservationId(hold.customer_id, hold.reservation_id, price.id)
    answer = Caller(secret).get(f"/reservations/{name}").json()
    del answer["balance"]
    assert json.loads(unescape(told)) == answer
    assert "10.0.0.9" not in page


def test_an_open_one_looks_again_until_it_ends(browser, customer):
    hold = operate("reserve", customer, amount=CREDIT)
    text = page_of(browser, hold).content.decode()
    (again,) = re.findall(r'data-polls hx-get="([^"]+)"', text)
    assert browser.get(unescape(again)).status_code == 204
    operate("release", customer, reservation_id=hold.reservation_id)
    ended = browser.get(unescape(again)).content.decode()
    assert "Released" in ended and "data-polls" not in ended
    assert "Balance after it ended" in ended


def test_by_its_bare_id(browser, customer):
    done = operate("debit", customer, amount=CREDIT)
    for name in (done.reservation_id.hex, str(done.reservation_id)):
        assert browser.get(reverse("call", args=[name])).status_code == 200


def test_others_and_nonsense_are_not_found(browser, customer):
    other = CustomerFactory()
    services.grant(other.id, amount=CREDIT, kind="promo")
    theirs = operate("debit", other, amount=CREDIT)
    names = [
        str(ReservationId(other.id, theirs.reservation_id, 0)),
        str(ReservationId(customer.id, theirs.reservation_id, 0)),
        theirs.reservation_id.hex,
        str(uuid7()),
        *("abc", "rsv_", "x" * 10_000, "rsv_" + "z" * 72),
    ]
    for name in names:
        assert browser.get(f"/portal/calls/{name}/").status_code == 404, name


MONTH = [
    Unit("tokens", 1000, mode="graduated", tiers=(Tier("10000", CREDIT), Tier(None, CREDIT // 2)))
]


class TestByMonth:
    """As docs/prices.md has it by hand."""

    def test_tiers(self, browser, customer):
        price = new_price(per_call=2 * CREDIT, units=MONTH)
        self.call(customer, price, "9000")
        done = self.call(customer, price, "3000")
        assert lines(page_of(browser, done, price))[:4] == [
            ("The call", "2"),
            ("1,000 tokens × 1 per 1,000", "1"),
            ("2,000 tokens × 0.5 per 1,000", "1"),
            ("Committed", "4"),
        ]

    def test_a_quota(self, browser, customer):
        price = new_price(units=[Unit("tokens", 1, 10, free="100")])
        done = self.call(customer, price, "150")
        assert lines(page_of(browser, done, price))[:2] == [
            ("100 tokens", "0"),
            ("50 tokens × 0.00001", "0.0005"),
        ]
        assert "Free by the month" in page_of(browser, done, price).content.decode()

    def test_beyond_what_was_reserved(self, customer):
        price = new_price(units=MONTH)
        first = self.call(customer, price, "9000", used="12000", overrun="available")
        found, costs = costs_of(customer, first)
        assert parts.total(costs.cost) == found.row.committed
        assert parts.total(costs.held) == found.row.amount

    def call(self, customer, price, quantity, used=None, **fields):
        rule = pricing.rule(selectors.priced(price))
        hold = operate(
            "reserve",
            customer,
            price_id=price.id,
            quantities={"tokens": quantity},
            rule=rule,
            **fields,
        )
        operate(
            "commit",
            customer,
            reservation_id=hold.reservation_id,
            quantities={"tokens": used or quantity},
            rule=rule,
        )
        return hold
