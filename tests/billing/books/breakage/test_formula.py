"""N to date: section 2.1 of the accounting rules, by figures worked by hand."""

from decimal import Decimal

import pytest

from billing.books.breakage.formula import (
    ImpossiblePosition,
    Position,
    is_over_redeemed,
    recognised,
    remote,
)

TEN_PERCENT = Decimal(100_00)  # of 1,000.00


@pytest.mark.parametrize(
    ("consumed", "breakage"),
    [(0, 0), (450_00, 50_00), (540_00, 60_00), (900_00, 100_00)],
)
def test_it_is_in_proportion_to_expected_redemptions(consumed, breakage):
    """Not to sales: 54.00 would be that of 540.00 used."""
    assert recognised(Position(1000_00, consumed, 0), TEN_PERCENT) == breakage


@pytest.mark.parametrize(
    ("consumed", "breakage"),
    [(890_00, 98_89), (900_00, 100_00), (950_00, 50_00), (1000_00, 0)],
)
def test_more_use_than_expected_takes_it_back(consumed, breakage):
    assert recognised(Position(1000_00, consumed, 0), TEN_PERCENT) == breakage


def test_a_refund_of_unused_credits_changes_nothing_with_a_rate_of_what_is_left():
    """E10: 94.00 is 10 % of 940.00. The 100.00 of before would raise N."""
    refunded = Position(940_00, 540_00, 0)
    assert recognised(refunded, Decimal(94_00)) == 60_00
    assert recognised(refunded, TEN_PERCENT) == 64_29


def test_what_expired_is_broken_in_full_and_the_rest_in_proportion():
    """E12: 10 + 90 x 540 / 900."""
    assert recognised(Position(1000_00, 540_00, 10_00), TEN_PERCENT) == 64_00


def test_of_a_matured_cohort_what_expired_is_all():
    for expected in (0, 80_00, 500_00):
        assert recognised(Position(1000_00, 905_00, 95_00), Decimal(expected)) == 95_00


def test_nobody_uses_anything_and_all_of_it_expires():
    """V - B is zero."""
    assert recognised(Position(1000_00, 0, 0), Decimal(1000_00)) == 0
    assert recognised(Position(1000_00, 0, 400_00), Decimal(1000_00)) == 400_00
    assert recognised(Position(0, 0, 0), Decimal(0)) == 0


def test_an_estimate_below_what_expired_is_raised_to_it():
    assert recognised(Position(1000_00, 540_00, 120_00), TEN_PERCENT) == 120_00


def test_it_is_rounded_once_half_to_even():
    assert recognised(Position(3, 1, 0), Decimal(1)) == 0  # 1/2
    assert recognised(Position(5, 1, 0), Decimal(3)) == 2  # 3/2
    # 1 + 0.6 x 1/2.4 = 1.25: with the estimate rounded to 2 first, 1 + 1 x 1/2 would round to 2.
    assert recognised(Position(4, 1, 1), Decimal("1.6")) == 1
    # 2 + 2.6 x 6/7.4 = 4.108: with the estimate rounded to 5 first, 2 + 3 x 6/7 = 4.57.
    assert recognised(Position(12, 6, 2), Decimal("4.6")) == 4


def test_it_is_exact_beyond_the_digits_of_a_float():
    """A ninth of 45...09."""
    position = Position(10**19, 4_500_000_000_000_000_009, 0)
    assert recognised(position, Decimal(10**18)) == 500_000_000_000_000_001


def test_recognised_by_cohort_and_not_by_lot():
    """Section 1, 8: nine of ten lots used, one not."""
    assert recognised(Position(1000_00, 900_00, 0), TEN_PERCENT) == 100_00
    lots = [Position(100_00, 100_00, 0)] * 9 + [Position(100_00, 0, 0)]
    assert sum(recognised(lot, Decimal(10_00)) for lot in lots) == 0


@pytest.mark.parametrize(
    ("judged", "breakage"), [(0, 10_00), (30_00, 40_00), (450_00, 460_00), (999_00, 460_00)]
)
def test_remote_is_what_expired_and_what_is_judged_so(judged, breakage):
    assert remote(Position(1000_00, 540_00, 10_00), judged) == breakage


def test_less_than_nothing_is_not_remote():
    assert remote(Position(1000_00, 540_00, 10_00), -1) == 10_00


@pytest.mark.parametrize(
    ("consumed", "alarm"),
    [(873_00, False), (873_01, True), (900_00, True), (999_99, True), (1000_00, False)],
)
def test_the_alarm_is_above_97_percent_of_expected_redemptions(consumed, alarm):
    """97 % of 900.00 is 873.00. Once nothing is outstanding, nobody is left to alarm."""
    assert is_over_redeemed(Position(1000_00, consumed, 0), TEN_PERCENT) is alarm


def test_there_is_no_alarm_before_any_use():
    assert not is_over_redeemed(Position(1000_00, 0, 0), Decimal(1000_00))


@pytest.mark.parametrize("position", [(100, 101, 0), (100, 60, 41), (100, -1, 0), (100, 0, -1)])
def test_books_that_cannot_be_are_refused(position):
    for n in (recognised, remote, is_over_redeemed):
        with pytest.raises(ImpossiblePosition):
            n(Position(*position), 0)
