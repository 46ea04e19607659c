"""What past calls would have cost, by hand."""

import pytest

from accounts.models import Customer
from billing.backtest import results
from ledger.prices.pricing import Tier, Unit
from tests.billing.backtest.calls import CREDIT, Caller, answered, card, change, endpoint, endpoints

pytestmark = pytest.mark.django_db


@pytest.fixture
def classify():
    return endpoint()


@pytest.fixture
def old(classify):
    tokens = Unit("tokens", size=1000, amount=CREDIT // 2)
    lines = {classify: {"per_call": 2 * CREDIT, "units": [tokens]}}
    return card("old", lines, published=True)


@pytest.fixture
def caller(old):
    return Caller.new(old)


def draft(classify, **price):
    return card("new", {classify: price})


def test_the_card_in_force_changes_nothing(caller, classify, old):
    caller.call(classify)
    caller.call(classify, {"tokens": "1234.5"})
    caller.call(classify, {"tokens": 3000}, used={"tokens": 700})
    caller.call(classify, outcome="client_error")
    caller.call(classify, {"tokens": 1000}, used={"tokens": 5000}, overrun="cap")
    caller.call(classify, amount=CREDIT)
    caller.book.debit(7 * CREDIT)
    caller.book.reverse(caller.call(classify), CREDIT // 3)
    caller.book.release(caller.book.reserve(CREDIT, price_id=caller.price(classify).id))
    found = results.totals(answered(old))
    # 2 + 2.61725 + 2.35 + 0 + 2.5 + 1 + 7 + 2 - 0.333333
    assert found.before == found.after == 19_133_917
    assert found.calls == 8


def test_quantities_are_as_they_were(caller, classify):
    caller.call(classify, {"tokens": 3000})
    caller.call(classify, {"tokens": 3000}, used={"tokens": 1500})
    new = draft(classify, per_call=CREDIT, units=[Unit("tokens", size=1000, amount=CREDIT)])
    # 2 + 1.5 and 2 + 0.75; then 1 + 3 and 1 + 1.5.
    assert change(new) == (6.25, 6.5)


def test_outcomes_are_as_they_were():
    half = endpoint("half", billed_client_error=50, billed_timeout=10)
    caller = Caller.new(card("old", {half: {"per_call": 10 * CREDIT}}, published=True))
    for outcome in ("success", "client_error", "timeout", "server_error", "partial"):
        caller.call(half, outcome=outcome)
    assert change(draft(half, per_call=20 * CREDIT)) == (26, 52)


def test_calls_of_a_lease_that_were_told_together(caller, classify):
    price = caller.price(classify).id
    tokens = {"tokens": "3000"}
    usage = [{"price_id": price, "calls": 4, "amount": 9_500_000, "quantities": tokens}]
    lease = caller.book.lease(100 * CREDIT)
    caller.book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": False})
    asked = answered(draft(classify, per_call=CREDIT))
    assert endpoints(asked) == {"classify": (4, 9_500_000, 4 * CREDIT)}
    assert asked.facts["calls"] == {"repriced": 4}
    bounded = answered(card("bounded", {classify: {"per_call": 1, "minimum": CREDIT}}))
    assert bounded.facts["calls"] == {"explicit_amount": 4}


def test_amounts_that_were_said_stay(caller, classify):
    caller.call(classify, amount=5 * CREDIT)
    caller.book.debit(3 * CREDIT, price_id=caller.price(classify).id)
    asked = answered(draft(classify, per_call=100 * CREDIT))
    assert endpoints(asked) == {"classify": (2, 8 * CREDIT, 8 * CREDIT)}
    assert asked.facts["calls"] == {"explicit_amount": 2}


def test_graduated_tiers_count_over_the_month(caller, classify):
    for _ in range(5):
        caller.call(classify)
    tiers = (Tier("2", 3 * CREDIT), Tier("4", 2 * CREDIT), Tier(None, CREDIT))
    new = draft(classify, units=[Unit("calls", mode="graduated", tiers=tiers)])
    assert change(new) == (10, 11)  # 3 + 3 + 2 + 2 + 1


def test_a_free_quota_is_each_customers(caller, classify, old):
    other = Caller.new(old)
    for one in (caller, caller, caller, other):
        one.call(classify)
    new = draft(classify, units=[Unit("calls", amount=4 * CREDIT, free="2")])
    assert change(new) == (8, 4)


def test_calls_that_were_not_billed_do_not_use_the_quota(caller, classify):
    caller.call(classify, outcome="server_error")
    caller.call(classify)
    caller.call(classify)
    new = draft(classify, units=[Unit("calls", amount=4 * CREDIT, free="1")])
    assert change(new) == (4, 4)


def test_the_card_in_force_with_tiers_and_quotas_changes_nothing():
    tiers = (Tier("3", 3_000_001), Tier("5", 2 * CREDIT), Tier(None, CREDIT))
    units = [
        Unit("calls", mode="graduated", tiers=tiers),
        Unit("tokens", size=3, amount=1000, free="1000.5"),
        Unit("pages", mode="volume", tiers=(Tier("2.5", 10), Tier(None, 7))),
    ]
    one = endpoint("one", billed_client_error=33)
    price = {"per_call": 1, "units": units, "minimum": 5, "maximum": 4 * CREDIT}
    old = card("old", {one: price}, published=True)
    for caller in (Caller.new(old), Caller.new(old)):
        for number in range(9):
            tokens = {"tokens": number * 77, "pages": "0.7"}
            outcome = ("success", "client_error", "server_error")[number % 3]
            used = {"tokens": number * 50} if number % 2 else None
            caller.call_in_month(one, tokens, outcome, used=used)
    found = answered(old)
    assert found.facts["calls"] == {"repriced": 18}
    (line,) = results.by_endpoint(found)
    assert line.calls == 18
    assert line.before == line.after > 10 * CREDIT


def test_test_wallets_are_left_out(caller, classify):
    caller.call(classify)
    Customer.objects.filter(id=caller.id).update(sandbox_of=Customer.objects.create(name="Live"))
    assert change(draft(classify, per_call=1)) == (0, 0)


def test_minimum_and_maximum(caller, classify):
    caller.call(classify, {"tokens": 1})
    caller.call(classify, {"tokens": 10_000})
    unit = Unit("tokens", size=1000, amount=CREDIT)
    new = draft(classify, units=[unit], minimum=CREDIT, maximum=4 * CREDIT)
    assert change(new) == (9.0005, 5)


def test_what_the_card_lacks_is_named(caller, classify):
    caller.call(classify, {"tokens": 1000})
    caller.call(classify)
    asked = answered(card("other", {endpoint("else"): {"per_call": 1}}))
    assert endpoints(asked) == {"classify": (2, 4_500_000, 4_500_000)}
    assert asked.facts["unpriced"] == {"classify": 2}
    pages = draft(classify, per_call=CREDIT, units=[Unit("pages", amount=CREDIT)])
    asked = answered(pages)
    assert endpoints(asked) == {"classify": (2, 4_500_000, 2 * CREDIT)}
    assert (asked.facts["lacking"], asked.facts["ignored"]) == ({"classify": 2}, {"classify": 1})


def test_a_hold_that_was_capped_is_capped_by_the_new_price(caller, classify):
    caller.call(classify, {"tokens": 1000}, used={"tokens": 9000}, overrun="cap")
    new = draft(classify, units=[Unit("tokens", size=1000, amount=2 * CREDIT)])
    assert change(new) == (2.5, 2)


def test_what_was_given_back_is_the_same_part(caller, classify):
    caller.book.reverse(caller.call(classify), CREDIT // 2)
    caller.book.reverse(caller.call(classify))
    assert change(draft(classify, per_call=8 * CREDIT)) == (1.5, 6)
