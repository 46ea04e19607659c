"""Section 2.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.books.allocation import largest_remainder


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
