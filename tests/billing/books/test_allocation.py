"""Section 2.3 and E03b."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.books.allocation import Promise, by_selling_price, largest_remainder
from billing.books.breakage.rates import RateOutOfRange


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100_00, [1, 1, 1], [33_34, 33_33, 33_33]),
        (1000, [1, 1, 1], [334, 333, 333]),  # JPY
        (10_000, [1, 1, 1], [3_334, 3_333, 3_333]),  # KWD
        (5, [1, 1, 1], [2, 2, 1]),
        (100, [1, 2, 4], [14, 29, 57]),  # 14.29, 28.57, 57.14: one is left over
        (1, [0, 3, 3], [0, 1, 0]),
        (0, [1, 2], [0, 0]),
        (7, [5], [7]),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(total, weights, parts):
    assert largest_remainder(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (1, [2, -1]), (-1, [1])])
def test_it_is_refused_where_there_are_no_shares(total, weights):
    with pytest.raises(ValueError):
        largest_remainder(total, weights)


weights = st.lists(st.integers(0, 5) | st.integers(0, 10**18), min_size=1, max_size=12)


@given(st.integers(0, 10**18), weights.filter(any))
def test_parts_add_up_and_are_within_one_of_their_shares(total, given):
    parts = largest_remainder(total, given)
    assert sum(parts) == total
    for part, weight in zip(parts, given, strict=True):
        assert abs(part * sum(given) - total * weight) < sum(given)


def promise(units, price, likelihood):
    return Promise(units, Decimal(price), Decimal(likelihood))


def test_a_bonus_on_other_terms():
    """E03b: 1,000 x 0.10 x 90 % to 200 x 0.10 x 50 %."""
    pack = [promise(1000, "0.10", "0.9"), promise(200, "0.10", "0.5")]
    assert by_selling_price(100_00, pack) == [90_00, 10_00]


def test_the_selling_prices_count():
    """30 x 0.5 to 10 x 0.5, and 3 to 1 of 10.01 is 7.5075 and 2.5025."""
    assert by_selling_price(10_01, [promise(30, "1", "0.5"), promise(10, "1", "0.5")]) == [751, 250]
    assert by_selling_price(10_01, [promise(10, "3", "0.5"), promise(10, "1", "0.5")]) == [751, 250]


def test_what_nobody_will_use_gets_nothing():
    assert by_selling_price(99, [promise(10, "1", "0"), promise(1, "1", "0.01")]) == [0, 99]


def test_a_likelihood_is_a_part_of_a_whole():
    with pytest.raises(RateOutOfRange):
        by_selling_price(100, [promise(1, "1", "1.1")])
