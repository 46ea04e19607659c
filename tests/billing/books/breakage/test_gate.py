"""Section 2.4."""

from datetime import date
from decimal import Decimal

import pytest

from billing.books.breakage.gate import Matured, gate
from billing.books.breakage.rates import RateOutOfRange


def matured(*percent):
    """One each month."""
    return [
        Matured(date(2024 + i // 12, i % 12 + 1, 1), Decimal(rate) / 100)
        for i, rate in enumerate(percent)
    ]


EXAMPLE = matured(18, 20, 22, 19)


def test_the_lowest_is_used_and_not_the_mean():
    found = gate(EXAMPLE, 24, change_pending=False)
    assert found.passes
    assert (found.mean, found.constrained) == (Decimal("0.1975"), Decimal("0.18"))


def test_the_figures_are_kept():
    """Squares of -1.75, 0.25, 2.25 and -0.75 add to 8.75; the root of a third, over 19.75."""
    found = gate(EXAMPLE, 24, change_pending=False)
    assert found.enough == (True, 4, 24)
    assert found.steady.passes
    assert round(found.steady.variation, 4) == Decimal("0.0865")
    assert found.comparable == (True, False)


@pytest.mark.parametrize(
    ("cohorts", "months", "enough"),
    [(11, 23, False), (12, 12, True), (4, 24, True), (4, 23, False)],
)
def test_a_history_is_12_matured_cohorts_or_24_months(cohorts, months, enough):
    found = gate(matured(*[20] * cohorts), months, change_pending=False)
    assert found.enough == (enough, cohorts, months)
    assert found.passes is enough


@pytest.mark.parametrize(
    ("rates", "steady"),
    [(("15", "20", "25"), True), (("14.9", "20", "25.1"), False), (("0", "0", "0"), True)],
)
def test_a_variation_of_a_quarter_is_the_most(rates, steady):
    """Of three rates at one distance, the deviation is that distance: 5 of 20."""
    found = gate(matured(*rates), 24, change_pending=False)
    assert found.steady.passes is steady
    assert found.passes is steady


def test_a_quarter_is_shown_as_a_quarter():
    assert gate(matured(15, 20, 25), 24, change_pending=False).steady.variation == Decimal("0.25")


def test_a_pending_change_fails_alone():
    found = gate(EXAMPLE, 24, change_pending=True)
    assert found.comparable == (False, True)
    assert found.enough.passes and found.steady.passes and not found.passes
    assert found.constrained == Decimal("0.18")


@pytest.mark.parametrize(("rates", "rate"), [((), None), ((20,), Decimal("0.2"))])
def test_months_without_two_matured_cohorts_show_no_spread(rates, rate):
    found = gate(matured(*rates), 36, change_pending=False)
    assert found.steady == (False, None)
    assert not found.passes
    assert (found.mean, found.constrained) == (rate, rate)


def test_the_last_twelve_count_by_month_and_not_by_place():
    oldest, *others = matured(17, *[20] * 12)
    found = gate([*others, oldest], 13, change_pending=False)
    assert found.constrained == Decimal("0.2")
    assert found.mean < Decimal("0.2")


def test_one_of_the_last_twelve_counts():
    assert gate(matured(20, 17, *[20] * 11), 13, change_pending=False).constrained == Decimal(
        "0.17"
    )


@pytest.mark.parametrize("percent", ["-1", "101", "NaN"])
def test_a_rate_is_a_part_of_a_whole(percent):
    with pytest.raises(RateOutOfRange):
        gate(matured(20, percent), 24, change_pending=False)
