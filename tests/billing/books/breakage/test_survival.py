"""Section 2.5."""

from decimal import Decimal

import pytest

from billing.books.breakage.estimates import by_survival
from billing.books.breakage.rates import RateOutOfRange
from billing.books.breakage.survival import History, hazards, surviving
from tests.billing.books.breakage.histories import ALL, MONTHS, POSITIONS, A, B


def shown(figures, places):
    return [str(round(figure, places)) for figure in figures]


def test_the_hazards():
    """1780 of 4000, 660 of 1650, 210 of 640, 50 of 230."""
    found = hazards(ALL, MONTHS)
    assert shown(found, 6) == ["0.445000", "0.400000", "0.328125", "0.217391"]


def test_a_refund_is_not_at_risk_any_more():
    """640 are 330 of A and 310 of B; the refund was of age 2, and at risk in it."""
    assert [A.at_risk(3), B.at_risk(3)] == [330_00, 310_00]
    assert B.at_risk(2) == 540_00


def test_the_estimates():
    found = hazards(ALL, MONTHS)
    estimates = [
        by_survival(position, found, history.age)
        for position, history in zip(POSITIONS, ALL, strict=True)
    ]
    assert shown(estimates, 0) == ["18000", "15652", "17352", "17983"]


def test_the_parts_that_survive():
    found = hazards(ALL, MONTHS)
    parts = [surviving(found, age) for age in (0, 1, 2, 3, 4)]
    assert shown(parts, 6) == ["0.175096", "0.315489", "0.525815", "0.782609", "1.000000"]


def test_as_expected_the_estimate_stays():
    """A month in which as much is used as the hazard says is no news."""
    found = [Decimal("0.5"), Decimal("0.2"), Decimal("0.5")]
    new, older = POSITIONS[3]._replace(c=500_00), POSITIONS[3]._replace(c=600_00)
    assert by_survival(new, found, 1) == by_survival(older, found, 2) == 200_00


def test_no_breakage_is_expected_where_none_was_seen():
    assert hazards([], 2) == [1, 1]
    found = hazards([History(100, [40], [0])], 3)
    assert found == [Decimal("0.4"), 1, 1]
    assert surviving(found, 0) == 0


def test_a_cohort_that_was_used_up_says_nothing_of_later():
    used_up, other = History(100, [100, 0], [0, 0]), History(100, [50, 10], [0, 0])
    assert hazards([used_up], 2) == [1, 1]
    assert hazards([used_up, other], 2) == [Decimal("0.75"), Decimal("0.2")]


def test_what_came_after_the_expiry_is_left_out():
    assert len(hazards(ALL, 3)) == 3


@pytest.mark.parametrize("used", [[101], [-1]])
def test_more_than_there_was_cannot_be_used(used):
    with pytest.raises(RateOutOfRange):
        hazards([History(100, used, [0])], 1)
