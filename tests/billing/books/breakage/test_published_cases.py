"""Section 7: what others published, in cents."""

from decimal import Decimal

from billing.books.breakage.formula import Position, recognised


def test_kpmg_estimate_of_points_raised():
    """9,000 for 10,000 points, so 0.90 each. 4,500 used of 9,700 expected, then 8,500 of 9,900."""
    second = 4050_00 + recognised(Position(9000_00, 4050_00, 0), Decimal(270_00))
    third = 7650_00 + recognised(Position(9000_00, 7650_00, 0), Decimal(90_00)) - second
    assert [second, third] == [4175_26, 3552_01]  # published in whole units: 4,175 and 3,552


def test_bookshop_gift_cards():
    used, expected = 540_00, Decimal(100_00)
    assert recognised(Position(1000_00, 0, 0), expected) == 0
    assert recognised(Position(1000_00, used, 0), expected) == 60_00


def test_prepaid_visit_book():
    """50 visits for 500, of which 40 are expected: 10.00 of use and 2.50 of breakage each."""
    to_date = [recognised(Position(500_00, 10_00 * k, 0), Decimal(100_00)) for k in range(41)]
    revenue = [10_00 + to_date[k] - to_date[k - 1] for k in range(1, 41)]
    assert revenue == [12_50] * 40


def test_prepaid_that_expires():
    """1,200 prepaid, 800 consumed: 400 at the expiry, whatever was estimated."""
    for estimate in (0, 120_00, 400_00, 1200_00):
        assert recognised(Position(1200_00, 800_00, 400_00), Decimal(estimate)) == 400_00


def test_pwc_half_of_the_rights_half_of_the_breakage():
    """450 of an expected 900."""
    assert recognised(Position(1000_00, 450_00, 0), Decimal(100_00)) == 50_00
