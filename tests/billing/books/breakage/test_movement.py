"""What the engine posts, with the numbers of section 5: V 1,000.00, 540.00 used, N 60.00."""

from decimal import Decimal
from functools import partial

import pytest

from billing.books.breakage.estimates import by_rate
from billing.books.breakage.formula import Position, recognised, remote
from billing.books.breakage.movement import movement

BEFORE = Position(1000_00, 540_00, 0)


def moved(now, expected, *, before=BEFORE, posted=60_00):
    return movement(partial(recognised, expected=Decimal(expected)), posted, before, now)


def test_period_end():
    """E07: the month's use of 240.00."""
    assert moved(BEFORE, 100_00, before=Position(1000_00, 300_00, 0), posted=33_33) == (0, 26_67, 0)


def test_the_same_again_posts_nothing():
    assert moved(BEFORE, 100_00) == (0, 0, 0)


def test_expiry():
    """E08, step 2."""
    before, now = Position(1000_00, 905_00, 0), Position(1000_00, 905_00, 95_00)
    assert moved(now, 80_00, before=before, posted=78_70) == (0, 0, 16_30)


def test_estimate_change():
    """E09: N is 46.96."""
    assert moved(BEFORE, 80_00) == (-13_04, 0, 0)


def test_extension_by_catch_up():
    """E14: 10 % to 6 %, N is 34.47."""
    assert moved(BEFORE, 60_00) == (-25_53, 0, 0)


def test_refund_of_unused_credits():
    """E10: 60.00 left, no posting, and so no two parts that cancel."""
    now = Position(940_00, 540_00, 0)
    assert moved(now, by_rate(now, Decimal("0.1"))) == (0, 0, 0)


def test_a_lot_charged_back_leaves_the_cohort():
    """E11c: N is 55.56."""
    now = Position(900_00, 500_00, 0)
    assert moved(now, by_rate(now, Decimal("0.1"))) == (0, -4_44, 0)


def test_forfeit():
    """E12: N is 64.00."""
    assert moved(Position(1000_00, 540_00, 10_00), 100_00) == (0, 0, 4_00)


MATURED = Position(1000_00, 905_00, 95_00)


def test_reinstatement():
    """E15: 30.00 of 95.00, all of which is expected to be used."""
    now = Position(1000_00, 905_00, 65_00)
    assert moved(now, 65_00, before=MATURED, posted=95_00) == (0, 0, -30_00)


def test_reinstated_and_used_between_two_closes():
    now = Position(1000_00, 935_00, 65_00)
    assert moved(now, 80_00, before=MATURED, posted=95_00) == (0, 0, -30_00)


def test_reversal_of_a_commit():
    """E18: N is 58.89."""
    assert moved(Position(1000_00, 530_00, 0), 100_00) == (0, -1_11, 0)


def test_all_three_at_once():
    """To 8 %, and 184.00 used, and 20.00 expired: 80 x 540 / 920 = 46.96, 80 x 724 / 920 = 62.96,
    20 + 60 x 724 / 920 = 67.22."""
    assert moved(Position(1000_00, 724_00, 20_00), 80_00) == (-13_04, 16_00, 4_26)


@pytest.mark.parametrize("now", [(0, 0, 0), (50_00, 50_00, 0), (50_00, 0, 50_00)])
def test_what_is_left_of_a_cohort_when_nearly_all_its_lots_have_gone(now):
    parts = moved(Position(*now), 0, before=MATURED, posted=95_00)
    assert parts.total == now[2] - 95_00


def test_a_judgement_that_more_is_remote_is_a_catch_up():
    rule = partial(remote, judged_remote=30_00)
    assert movement(rule, 0, BEFORE, Position(1000_00, 560_00, 5_00)) == (30_00, 0, 5_00)
