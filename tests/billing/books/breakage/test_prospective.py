"""E14 as a modification: 540.00 of 1,000.00 used and 60.00 recognised, then 10 % to 6 %."""

from decimal import Decimal

import pytest

from billing.books.breakage.formula import Position, recognised
from billing.books.breakage.prospective import Base, prospective

BASE = Base(c=540_00, a=0, n=60_00)


def n(consumed, expired=0, *, expected=60_00, base=BASE):
    return prospective(Position(1000_00, consumed, expired), Decimal(expected), base)


@pytest.mark.parametrize("consumed", [540_00, 540_01, 700_00, 940_00])
def test_nothing_is_posted_at_the_change_nor_after_it(consumed):
    """400.00 is owed over 400.00 of use: 1.00 of revenue for 1.00 used."""
    assert n(consumed) == 60_00


def test_by_catch_up_it_would_be_less():
    assert recognised(Position(1000_00, 540_00, 0), Decimal(60_00)) == 34_47


@pytest.mark.parametrize(
    ("expected", "after_half", "in_the_end"),
    [
        (40_00, (750_00, 50_00), (960_00, 40_00)),  # 400.00 owed over 420.00 of use
        (100_00, (720_00, 80_00), (900_00, 100_00)),  # over 360.00
        (0, (770_00, 30_00), (1000_00, 0)),  # over 460.00: it expires no more
    ],
)
def test_it_goes_in_a_straight_line_to_what_is_expected_now(expected, after_half, in_the_end):
    assert n(540_00, expected=expected) == 60_00
    for consumed, breakage in (after_half, in_the_end):
        assert n(consumed, expected=expected) == breakage


def test_more_use_than_expected_takes_it_back():
    assert n(970_00) == 30_00
    assert n(1000_00) == 0


def test_of_a_matured_cohort_what_expired_is_all():
    assert n(905_00, 95_00) == 95_00


def test_what_expires_was_recognised_already():
    """Of the 60.00, 50.00 have expired: to add them would recognise 110.00 of 60.00 expected."""
    assert n(540_00, 50_00) == 60_00
    assert n(740_00, 50_00) == 60_00


def test_what_expires_beyond_the_advance_is_recognised():
    """30.00 was recognised, 80.00 of an expected 100.00 expired; the last 20.00 with use."""
    base = BASE._replace(n=30_00)
    assert n(540_00, 20_00, expected=100_00, base=base) == 30_00
    assert n(540_00, 80_00, expected=100_00, base=base) == 80_00
    assert n(720_00, 80_00, expected=100_00, base=base) == 90_00


def test_what_is_reinstated_is_taken_back():
    """Of 40.00 expired before the change, 30.00 come back; the advance of 20.00 stays, and goes
    to 50.00 over 400.00 of use."""
    base = Base(c=540_00, a=40_00, n=60_00)
    assert n(540_00, 40_00, base=base) == 60_00
    assert n(540_00, 10_00, base=base) == 30_00
    assert n(740_00, 10_00, base=base) == 45_00


def test_use_from_before_the_change_is_reversed_with_its_breakage():
    """A ninth of what was used."""
    assert n(530_00) == 58_89
    assert n(270_00) == 30_00
    assert n(0) == 0


def test_where_no_more_use_is_expected_the_advance_stays():
    assert n(540_00, expected=460_00) == 60_00


def test_it_is_never_more_than_what_is_outstanding():
    """Lots left the cohort: 50.00 are outstanding, and 60.00 were recognised; or 20.00, and the
    ninth of 300.00 used is 33.33."""
    assert prospective(Position(590_00, 540_00, 0), Decimal(35_40), BASE) == 50_00
    assert prospective(Position(320_00, 300_00, 0), Decimal(19_20), BASE) == 20_00
