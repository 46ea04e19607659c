"""Section 2.5, the second opinion."""

from decimal import Decimal

import pytest

from billing.books.breakage.chain_ladder import by_chain_ladder, differs, factors
from billing.books.breakage.survival import History
from tests.billing.books.breakage.histories import ALL, MONTHS, A, B, C, D


def test_the_factors():
    """2010 of 1350, 1550 of 1340, 820 of 770."""
    found = [str(round(factor, 6)) for factor in factors(ALL, MONTHS)]
    assert found == ["1.488889", "1.156716", "1.064935"]


def test_the_estimates():
    found = factors(ALL, MONTHS)
    estimates = [round(by_chain_ladder(history, found)) for history in (A, B, C, D)]
    assert estimates == [180_00, 149_35, 174_68, 211_36]


def test_nothing_bounds_it():
    """1.5 times 80 is more than 100."""
    assert by_chain_ladder(History(100, [80], [0]), [Decimal("1.5")]) == -20


def test_a_new_cohort_has_nothing_to_project():
    assert by_chain_ladder(History(100, [], []), [Decimal("1.5")]) is None


def test_what_was_not_seen_to_grow_does_not():
    assert factors([History(100, [0, 0], [0, 0])], 4) == [1, 1, 1]


@pytest.mark.parametrize(
    ("survival", "ladder", "review"),
    [
        (156_52, 149_35, False),  # B
        (173_52, 174_68, False),  # C
        (179_83, 211_36, True),  # D
        (100_00, 110_00, False),
        (100_00, 110_01, True),
        (100_00, 89_99, True),
        (0, 0, False),
        (0, 1, True),
        (100_00, None, False),
    ],
)
def test_a_gap_of_more_than_a_tenth_is_for_review(survival, ladder, review):
    assert differs(Decimal(survival), None if ladder is None else Decimal(ladder)) is review
