"""The price list says what a customer pays, and its calculator what an estimate says."""

from datetime import timedelta
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.ids import uuid7
from accounts.models import Role
from billing import shown
from billing.portal.prices import calculator, price_list
from billing.portal.prices import words as price_words
from ledger import amounts, selectors, services
from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price
from ledger.operations import Operation
from ledger.prices import price_terms, pricing, rate_cards
from ledger.prices.pricing import Billed, Tier, Unit
from tests.accounts.conftest import NO_KEY, Caller
from tests.accounts.people import browser_of
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory
from tests.factories.billing import bought, new_pack
from tests.ledger.prices import PRICES

pytestmark = pytest.mark.django_db
PAGE = "/portal/prices/"
_numbers = count(1)


def publish(prices, *, at=None, **whose):
    """A card that sells these, each under its code."""
    at = at or timezone.now() - timedelta(seconds=1)
    card = rate_cards.create_card(name=f"card {next(_numbers)}", effective_at=at, **whose)
    for code, price in prices.items():
        endpoint = Endpoint.objects.filter(code=code).first()
        endpoint = endpoint or rate_cards.create_endpoint(code=code, name=code.title())
        rate_cards.set_price(card, endpoint, **price)
    rate_cards.publish(card, withdrawing=[one.code for one in Endpoint.objects.all()])
    return card


TOKENS = Unit("tokens", 1000, mode="graduated", tiers=(Tier("10000", 10**6), Tier(None, 500_000)))
CARD = {
    "classify": {"per_call": CREDIT},
    "generate": {"per_call": 2 * CREDIT, "units": [TOKENS]},
    "ping": {"units": [Unit("calls", free="100", amount=10_000)]},
    "free": {},
}


@pytest.fixture
def card(db):
    return publish(CARD)


def page_of(browser, **query):
    response = browser.get(PAGE, query)
    assert response.status_code == 200
    return response


def field(code, unit=""):
    id = Endpoint.objects.get(code=code).id
    return f"each-{id}-{unit}" if unit else f"calls-{id}"


def line(browser, code):
    return next(one for one in page_of(browser).context["lines"] if one.price.endpoint == code)


def words(rates):
    return [text for rate in rates for text in (rate.text, *rate.tiers, *rate.notes)]


def has_had(customer, code, calls, **quantities):
    """So many calls this month, the first with all of the quantities. They cost nothing."""
    price = Price.objects.get(rate_card__retired_at=None, endpoint__code=code)
    rule = pricing.rule(selectors.priced(price))
    shared = {"op": "debit", "customer_id": customer.id, "price_id": price.id, "rule": rule}
    shared |= {"amount": 0, "key_is_id": True, "request": 0}
    told = [quantities, *[{}] * (calls - 1)]
    services.apply([Operation(key=uuid7(), quantities=one, **shared) for one in told[:calls]])


def estimated(browser, **typed):
    return page_of(browser, **typed).context["calculation"]


def test_each_price_is_said_in_words(browser, card, member):
    has_had(member.customer, "ping", calls=63)
    has_had(member.customer, "generate", tokens="1234.5", calls=2)
    assert words(line(browser, "classify").rates) == ["1 credit a call"]
    assert words(line(browser, "free").rates) == ["Nothing"]
    assert words(line(browser, "ping").rates) == [
        "0.01 credits a call",
        "100 calls a month are free",
        "37 of them left this month",
    ]
    assert words(line(browser, "generate").rates) == [
        "2 credits a call",
        "Tokens: each part at the price of its tier",
        "up to 10,000 a month: 1 credit per 1,000 tokens",
        "above 10,000: 0.5 credits per 1,000 tokens",
        "1,234.5 tokens used so far this month",
    ]


def test_tiers_bounds_and_sizes_of_other_kinds(browser, db):
    tiers = (Tier("5", 10**6), Tier("10", 10**5), Tier(None, 1))
    volume = Unit("pages", 1, free="3", mode="volume", tiers=tiers)
    publish({"pdf": {"units": [volume], "minimum": CREDIT, "maximum": 5 * CREDIT}})
    assert words(line(browser, "pdf").rates) == [
        "Pages: all of a call at the price that the month has reached",
        "up to 5 a month: 1 credit for each of pages",
        "from 5 to 10 a month: 0.1 credits for each of pages",
        "above 10: 0.000001 credits for each of pages",
        "3 pages a month are free; tiers count what comes after them",
        "3 of them left this month",
        "0 pages used so far this month",
        "At least 1 credit for a call",
        "At most 5 credits for a call",
    ]


@pytest.mark.parametrize(
    ("billed", "said"),
    [
        (Billed(), ["Calls that fail cost nothing"]),
        (
            Billed(90, 100, 0, 20, 50),
            [
                "Your own errors (4xx): the full price",
                "Errors of the service (5xx): nothing",
                "Timeouts: 20 % of the price",
                "Answers in part: 50 % of the price",
                "Calls that succeed: 90 % of the price",
            ],
        ),
    ],
)
def test_what_a_failed_call_costs(billed, said):
    assert price_words.failing(billed) == said


def test_who_has_no_prices_is_told_so(browser):
    assert "Nothing has a price yet" in page_of(browser).content.decode()


def test_own_prices_and_those_of_a_group(browser, member, card):
    group = price_terms.create_group("bad payers")
    price_terms.set_group(member.customer, group)
    of_group = publish({"classify": {"per_call": 5 * CREDIT}}, group=group)
    publish({"generate": {"per_call": 7 * CREDIT}}, customer=member.customer)
    publish({"generate": {"per_call": 8 * CREDIT}}, customer=CustomerFactory())
    response = page_of(browser)
    found = {
        one.price.endpoint: (one.price.per_call, one.is_own) for one in response.context["lines"]
    }
    assert found == {"classify": (5 * CREDIT, False), "generate": (7 * CREDIT, True)}
    page = response.content.decode()
    assert of_group.name in page and "for your group" in page and "Agreed with you" in page
    assert "bad payers" not in page


def test_a_card_to_come_is_told_before(browser, member, card):
    assert page_of(browser).context["change"] is None
    soon = timezone.now() + timedelta(days=3)
    publish(CARD, at=soon - timedelta(days=1))
    dearer = CARD | {"classify": {"per_call": 2 * CREDIT}, "new": {"per_call": CREDIT}}
    publish(dearer, at=soon)
    publish(dearer | {"free": {"per_call": CREDIT}}, at=soon + timedelta(days=1))
    publish({"free": {"per_call": 9}}, at=soon - timedelta(hours=1), customer=CustomerFactory())
    change = page_of(browser).context["change"]
    assert change.at == soon
    told = [(one.name, words(one.before), words(one.after)) for one in change.lines]
    assert told == [
        ("Classify", ["1 credit a call"], ["2 credits a call"]),
        ("New", [], ["1 credit a call"]),
    ]


def test_a_pin_and_its_end_are_told(browser, member, card):
    until = timezone.now() + timedelta(days=9)
    price_terms.pin(member.customer, card, until=until)
    publish({"classify": {"per_call": 3 * CREDIT}}, at=timezone.now())
    response = page_of(browser)
    assert "You keep these prices until" in response.content.decode()
    change = response.context["change"]
    assert change.at == until
    assert [(one.name, words(one.after)) for one in change.lines] == [
        ("Classify", ["3 credits a call"]),
        ("Free", []),
        ("Generate", []),
        ("Ping", []),
    ]
    price_terms.pin(member.customer, card)
    response = page_of(browser)
    assert "for good" in response.content.decode() and response.context["change"] is None


@pytest.mark.parametrize("role", Role)
def test_money_is_for_who_buys(member, card, role):
    pack = new_pack(credits=1000, price="50.00", bonus=1000, name="Best")
    new_pack(credits=1000, price="49.00")
    bought(member.customer, new_pack(credits=100, price="20.00", name="Little"))
    browser = browser_of(MemberFactory(customer=member.customer, role=role))
    response = page_of(browser, **{field("classify"): "10"})
    worth = response.context["worth"]
    if role in (Role.OWNER, Role.BILLING):
        assert [one.money for one in worth] == ["$2.00", "$0.25"]
        assert "for Little on" in worth[0].by and pack.name in worth[1].by
    else:
        assert worth == [] and "In money" not in response.content.decode()


def test_without_payments_there_is_no_money(browser, card, settings):
    settings.PAYMENT_PROVIDERS = []
    new_pack()
    assert page_of(browser, **{field("classify"): "10"}).context["worth"] == []


def test_the_estimate_by_hand(browser, member, card):
    services.grant(member.customer_id, amount=100 * CREDIT, kind="promo")
    has_had(member.customer, "ping", calls=95)
    typed = {field("ping"): "10", field("generate"): "4", field("generate", "tokens"): "4,000"}
    estimate = estimated(browser, **typed).estimate
    generate, ping = estimate.lines
    assert generate[:4] == ("Generate", "4 calls", "of 4,000 tokens", "21")
    assert generate.how == [
        "the first 2: 6 credits each",
        "then 1: 5 credits each",
        "then 1: 4 credits each",
    ]
    assert generate.parts == [
        "4 calls at 2 credits a call",
        "10,000 tokens at 1 credit per 1,000 tokens",
        "6,000 tokens at 0.5 credits per 1,000 tokens",
    ]
    assert ping.how == ["the first 5: nothing each", "then 5: 0.01 credits each"]
    assert ping.parts == ["5 calls free by the quota of the month", "5 calls at 0.01 credits each"]
    assert (estimate.credits, estimate.available, estimate.shortfall) == ("21.05", "100", "")
    assert estimate.lasts == "4 days"


def test_what_is_missing_and_how_long_it_lasts(browser, member, card):
    estimate = estimated(browser, **{field("classify"): "5"}).estimate
    assert (estimate.shortfall, estimate.lasts) == ("5", "")
    services.grant(member.customer_id, amount=4 * CREDIT, kind="promo")
    assert estimated(browser, **{field("classify"): "5"}).estimate.lasts == "less than a day"
    assert estimated(browser, **{field("free"): "5"}).estimate.lasts == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x", "Write a number"),
        ("-1", "Write a number"),
        ("1e6", "Write a number"),
        ("\u0661\u0662", "Write a number"),
        ("nan", "Write a number"),
        ("1.5", "Write a whole number"),
        ("1.500", "can be read in two ways: write 1500 or 1.5000."),
        ("1,50", "Write a number"),
        ("1000000001", "1,000,000,000 at most"),
        ("9" * 5000, "1,000,000,000 at most"),
        ("<b>", "Write a number"),
    ],
)
def test_nonsense_is_said_at_its_field(browser, card, typed, said):
    response = page_of(browser, **{field("classify"): typed, field("free"): "1"})
    found = response.context["calculation"]
    (wrong,) = [one for row in found.rows for one in row.fields if one.error]
    assert wrong.name == field("classify") and said in wrong.error
    assert found.estimate is None
    assert "Nothing is estimated until" in response.content.decode()


@pytest.mark.parametrize("typed", ["x", "9999999999999", "0.0000000001", "1.000", "-3", "9" * 5000])
def test_a_quantity_that_is_none(browser, card, typed):
    query = {field("generate"): "2", field("generate", "tokens"): typed}
    found = estimated(browser, **query)
    assert found.is_wrong and found.estimate is None


def test_more_than_can_be_priced_is_refused(browser, db):
    publish({"dear": {"units": [Unit("tokens", 1, amount=10**15)]}})
    query = {field("dear"): "2", field("dear", "tokens"): "999999999999"}
    assert "costs more than can be held" in page_of(browser, **query).content.decode()


def test_a_quantity_without_calls_asks_for_them(browser, card):
    found = estimated(browser, **{field("generate", "tokens"): "5"})
    assert [row.calls.error for row in found.rows if row.calls.error] == [calculator.ONLY_CALLS]


@pytest.mark.parametrize("name", ["calls-0", "each-1-nothing", "calls-x", "each-\n"])
def test_what_is_not_on_the_list_is_left_out_and_said(browser, card, name):
    response = page_of(browser, **{name: "5", field("classify"): "1"})
    assert response.context["calculation"].estimate.amount == CREDIT
    assert "It is left out." in response.content.decode()
    assert "It is left out." not in page_of(browser, utm="5").content.decode()


def test_a_thousand_million_calls(browser, member, card):
    bought(member.customer)
    query = {field(code): "1,000,000,000" for code in CARD}
    response = page_of(browser, **query, **{field("generate", "tokens"): "999999999999"})
    assert response.context["calculation"].estimate.amount > 10**23
    assert len(response.context["worth"]) == 2


def test_the_fragment_says_the_same_and_its_address(browser, member, card):
    query = {field("classify"): "7", field("free"): "", "of": member.customer_id}
    response = browser.get(reverse("price-estimate"), query)
    address = urlsplit(response["HX-Replace-Url"])
    assert (address.path, parse_qs(address.query)) == (PAGE, {field("classify"): ["7"]})
    assert response.context["calculation"].estimate.amount == 7 * CREDIT
    wrong = browser.get(reverse("price-estimate"), query | {field("classify"): "x"})
    slot = f'<p class="errors" id="{field("classify")}-error" hx-swap-oob="true">Write a number'
    assert slot in wrong.content.decode()
    stranger = browser_of(MemberFactory())
    assert stranger.get(reverse("price-estimate"), query)["HX-Refresh"] == "true"


def test_in_the_sandbox_no_money_is_told(browser, member, card):
    new_pack()
    browser.post(reverse("enter-sandbox"))
    response = page_of(browser, **{field("classify"): "1"})
    assert response.context["worth"] == []
    assert "test credits" in response.content.decode()


NUMBERS = st.sampled_from(["0", "0.001", "3", "1,000", "999.99", "40000"])


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(
    prices=st.lists(PRICES, min_size=1, max_size=3),
    calls=st.lists(st.integers(1, 60), min_size=3, max_size=3),
    each=st.lists(NUMBERS, min_size=6, max_size=6),
    before=st.integers(1, 4),
)
def test_it_says_what_the_estimate_call_says(member, prices, calls, each, before):
    """Over random cards, months and numbers."""
    with transaction.atomic():
        assert_says_what_the_call_says(member.customer, prices, calls, each, before)
        transaction.set_rollback(True)


def assert_says_what_the_call_says(customer, prices, calls, each, before):
    codes = [f"e{next(_numbers)}" for _ in prices]
    publish(
        {
            code: {
                "per_call": price.per_call,
                "units": price.units,
                "minimum": price.minimum,
                "maximum": price.maximum,
            }
            for code, price in zip(codes, prices, strict=True)
        },
        at=timezone.now(),
    )
    typed, asked, numbers = {}, [], iter(each)
    for code, price, times in zip(codes, prices, calls, strict=False):
        told = {unit: next(numbers) for unit in price.measured}
        so_far = dict.fromkeys(price.measured, f"{before * 700}.5")
        has_had(customer, code, calls=before, **so_far)
        typed |= {field(code, unit): text for unit, text in told.items()}
        typed[field(code)] = f"{times:,}"
        plain = {unit: text.replace(",", "") for unit, text in told.items()}
        asked += [{"endpoint": code, "quantity": plain}] * times
    found = calculator.calculation(customer, price_list.lines(customer), typed)
    caller = Caller(ApiKeyFactory(customer=customer).secret)
    said = caller.post("/estimate", {"calls": asked}, Idempotency_Key=NO_KEY).json()
    assert found.estimate, found
    assert amounts.show(found.estimate.amount) == said["amount"]
    by_code = dict.fromkeys(codes, 0)
    for call in said["calls"]:
        by_code[call["endpoint"]] += amounts.parse(call["amount"])
    told = {one.name: one.credits for one in found.estimate.lines}
    assert told == {code.title(): shown.credits(amount) for code, amount in by_code.items()}
    assert amounts.parse(said["available"]) == 0 and found.estimate.available == "0"
