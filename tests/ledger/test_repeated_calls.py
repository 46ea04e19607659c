"""Many equal calls in a row cost what they cost one by one."""

from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.prices.months import Month
from ledger.prices.pricing import NANO, Charge, Tier, Unit, billionths, charge, exact, in_text
from ledger.prices.repeated import repeated
from tests.ledger.prices import PRICES, priced, quantities, texts

# So small that many calls fit into a tier, and so large that one passes several.
EACH = st.sampled_from(["0", "0.001", "0.7", "3", "999.999", "40000", "5000000"])


def one_by_one(price, told, so_far, calls):
    """As the ledger prices them."""
    month, charges, exactly = dict(so_far), [], Fraction(0)
    for _ in range(calls):
        charges.append(charge(price, told, month))
        exactly += unbounded(price, told, month)
        for name, number in (told | {"calls": "1"}).items():
            month[name] = format(Decimal(month.get(name, "0")) + Decimal(number), "f")
    return charges, exactly


def unbounded(price, told, month):
    free = price._replace(minimum=None, maximum=None)
    return exact(free, told, month)


@given(price=PRICES, before=quantities(), each=EACH, pages=EACH, calls=st.integers(1, 60))
def test_the_sum_is_that_of_each_call(price, before, each, pages, calls):
    so_far = texts(tokens=before, pages=before, calls=int(before))
    told = {name: {"tokens": each, "pages": pages}[name] for name in price.measured}
    charges, exactly = one_by_one(price, told, so_far, calls)
    found = repeated(price, told, so_far, calls)
    assert found.calls == calls
    assert found.amount == sum(one.amount for one in charges)
    runs = [(len(list(run)), of) for of, run in groupby(one.amount for one in charges)]
    assert [(one.calls, one.charge.amount) for one in found.stretches] == runs
    assert sum(part.cost for part in found.parts) + price.per_call * calls == exactly


@given(price=PRICES, each=EACH, calls=st.integers(1, 10**9))
def test_the_parts_have_all_that_is_used(price, each, calls):
    found = repeated(price, dict.fromkeys(price.measured, each), {}, calls)
    for unit in price.units:
        used = calls * (NANO if unit.name == "calls" else billionths(each))
        of_unit = [part for part in found.parts if part.unit == unit.name]
        assert sum(billionths(part.quantity) for part in of_unit) == used
        free = sum(billionths(part.quantity) for part in of_unit if part.amount is None)
        assert free == min(used, billionths(unit.free))


@given(price=PRICES, each=EACH)
def test_a_thousand_million_calls_take_no_longer(price, each):
    """As many stretches at most as there are ends of tiers and quotas, twice, and one more."""
    found = repeated(price, dict.fromkeys(price.measured, each), {}, 10**9)
    ends = sum(1 + len(unit.tiers) for unit in price.units)
    assert found.calls == 10**9 and len(found.stretches) <= 2 * ends + 1


def test_by_hand():
    """Of the month 90 of 100 free calls are used; tokens are graduated."""
    tiers = (Tier("10000", 1000), Tier(None, 500))
    tokens = Unit("tokens", 1000, mode="graduated", tiers=tiers)
    price = priced(Unit("calls", free="100", amount=7), tokens)
    found = repeated(price, {"tokens": "1000"}, {"calls": "90", "tokens": "5500"}, 20)
    amounts = [(one.calls, one.charge.amount) for one in found.stretches]
    assert amounts == [(4, 1000), (1, 750), (5, 500), (10, 507)]
    assert found.amount == 4000 + 750 + 2500 + 5070
    parts = [(one.unit, one.quantity, one.amount) for one in found.parts]
    assert parts == [
        ("calls", "10", None),
        ("calls", "10", 7),
        ("tokens", "4500", 1000),
        ("tokens", "15500", 500),
    ]


@given(st.integers(0, 10**24))
def test_billionths_are_read_as_they_were_written(nanos):
    assert billionths(in_text(nanos)) == nanos


@pytest.mark.parametrize("quantity", ["0.000000001", "0.0000001", "999999999999.999999999"])
def test_a_month_counts_the_smallest_and_the_largest(quantity):
    price = priced(Unit("tokens", free="1", amount=1))
    month = Month(None)
    month.count(price, Charge(0, {"tokens": quantity}), 3)
    month.count(price, Charge(0, {"tokens": quantity}))
    assert Decimal(month.so_far(price)["tokens"]) == 4 * Decimal(quantity)
    charge(price, {"tokens": quantity}, month.so_far(price))
