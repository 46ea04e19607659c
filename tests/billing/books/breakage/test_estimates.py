from decimal import Decimal

import pytest

from billing.books.breakage.estimates import by_rate, by_survival, constrained
from billing.books.breakage.formula import Position
from billing.books.breakage.rates import RateOutOfRange

POSITION = Position(1000_00, 540_00, 10_00)
OUT_OF_RANGE = [Decimal(given) for given in ("-0.01", "1.01", "NaN", "sNaN", "Infinity")]


@pytest.mark.parametrize(("rate", "expected"), [("0", 0), ("0.1", 100_00), ("1", 1000_00)])
def test_a_rate_is_of_the_value(rate, expected):
    assert by_rate(POSITION, Decimal(rate)) == expected


def test_no_digit_of_it_is_lost():
    position = Position(9_000_000_000_000_000_001, 0, 0)
    assert by_rate(position, Decimal("0.123456789")) == Decimal("1111111101000000000.123456789")


@pytest.mark.parametrize(
    ("age", "expected"), [(0, 10_00 + 90_00), (1, 10_00 + 180_00), (2, 10_00 + 225_00), (3, 460_00)]
)
def test_survival_is_what_expired_and_what_of_the_rest_will(age, expected):
    """Of 450.00 outstanding: a fifth, two fifths, a half; and all of it, at its expiry."""
    hazards = [Decimal("0.5"), Decimal("0.2"), Decimal("0.5")]
    assert by_survival(POSITION, hazards, age) == expected


def test_the_constraint_is_an_upper_bound():
    for expected, bounded in ((200_00, 180_00), (170_00, 170_00)):
        assert constrained(Decimal(expected), POSITION, Decimal("0.18")) == bounded


@pytest.mark.parametrize("rate", OUT_OF_RANGE)
def test_a_rate_is_a_part_of_a_whole(rate):
    for estimate in (
        lambda: by_rate(POSITION, rate),
        lambda: by_survival(POSITION, [rate], 0),
        lambda: constrained(Decimal(0), POSITION, rate),
    ):
        with pytest.raises(RateOutOfRange):
            estimate()


def test_that_is_a_value_error():
    assert issubclass(RateOutOfRange, ValueError)
