"""The cohort of section 3, sold in January of a year long ago: 8.2, 8.3 and 8.4 of it."""

from datetime import date
from decimal import Decimal

import pytest

from billing.books import engine, estimating
from billing.books.estimating import Draft
from billing.books.reports import cohorts, estimate_log, waterfall
from billing.models import Method, Policy
from ledger import services
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, recognise, sold
from tests.factories.ledger import Book

COHORT = "2002-01/USD"


def month(number):
    return date(2002, number, 1)


class Life:
    """Ten lots of 100.00 that expire in January of the next year."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        calendar.go(date(2002, 1, 5))
        self.books = [Book.new() for _ in range(10)]
        until = calendar.at(date(2003, 1, 5))
        for book in self.books:
            sold(book, 100_00, expires_at=until)

    def use(self, day: date, amount: int) -> None:
        """In minor units, spread over the ten."""
        self.calendar.go(day)
        for book in self.books:
            book.debit(amount // 10 * CREDIT)
        recognise(self.books)

    def estimate(self, rate: str, day: date, **draft) -> None:
        estimating.estimate(Draft(rate=Decimal(rate), **draft), as_of=day, of=COHORT)


@pytest.fixture
def life(calendar):
    Policy.objects.update_or_create(
        only_row=True, defaults={"method": Method.PROPORTIONAL, "gate_waived": True}
    )
    life = Life(calendar)
    life.use(date(2002, 1, 20), 300_00)
    life.estimate("0.10", date(2002, 1, 20), unconstrained_rate=Decimal("0.12"))
    life.use(date(2002, 2, 20), 240_00)
    engine.run(date(2002, 2, 20))
    return life


def row(tables, **fields):
    (found,) = [r for r in tables[0].rows if fields.items() <= r.items()]
    return found


def test_the_figures_of_the_second_month(life):
    said = row(cohorts.report(month(2)), cohort=COHORT)
    assert (
        said
        | {
            "v": 1000_00,
            "c": 540_00,
            "a": 0,
            "o": 460_00,
            "refunds": 0,
            "in_window": 0,
            "redeemed": Decimal("0.54"),
            "broken": 0,
            "method": "proportional",
            "constrained_rate": Decimal("0.10"),
            "unconstrained_rate": Decimal("0.12"),
            "expected": 100_00,
            "n": 60_00,
            "advance": 60_00,
        }
        == said
    )


def test_curve_and_chain_ladder_are_told_beside_it(life):
    """One cohort alone: nothing was ever seen at an age to come, so all is used then."""
    said = row(cohorts.report(month(2)), cohort=COHORT)
    assert (said["by_curve"], said["by_ladder"], said["review"]) == (0, 460_00, "yes")


def test_what_went_back_and_what_may(life):
    book = life.books[0]
    until = life.calendar.at(date(2002, 3, 15))
    sold(book, 50_00, refundable_until=until)
    lot = next(iter(book.lots()))
    services.adjust(book.customer_id, amount=10_00 * CREDIT, cause="refund", lot_id=lot)
    january, february = cohorts.report(month(2))[0].rows
    assert (january["refunds"], january["v"]) == (10_00, 990_00)
    assert (february["v"], february["in_window"]) == (0, 50_00)


def test_an_estimate_that_was_cut(life):
    life.estimate("0.08", date(2002, 2, 20))
    said = row(estimate_log.report(month(2)), cohort=COHORT)
    assert (
        said
        | {
            "as_of": date(2002, 2, 20),
            "old_rate": Decimal("0.10"),
            "new_rate": Decimal("0.08"),
            "old_expected": 100_00,
            "new_expected": 80_00,
            "catch_up": -13_04,
            "approved_by": "",
        }
        == said
    )
    assert estimate_log.report(month(3)) == []


def test_the_first_estimate_has_none_before_it(life):
    said = row(estimate_log.report(month(1)), cohort=COHORT)
    assert (said["old_rate"], said["old_expected"], said["catch_up"]) == (None, None, 0)


def test_the_waterfall_of_a_rate(life):
    """10 % break: of 1,000.00 540.00 are used, 60.00 and 40.00 break, 360.00 are to be used."""
    said = row(waterfall.report(month(2)), cohort=COHORT)
    assert (said["used"], said["broken"], said["breakage"], said["total"]) == (
        540_00,
        60_00,
        40_00,
        1000_00,
    )
    assert said["2002-03"] == 360_00


def test_the_waterfall_follows_the_curve_of_use(calendar):
    """A cohort that has matured used 500.00, then 250.00, then 200.00, and 50.00 expired. The next
    used 400.00 of its 1,000.00 in its first month: the hazards are 900/2000, 250/500, 200/250. So
    of 600.00 half is used in the second month, 240.00 in the third, and 60.00 breaks."""
    calendar.go(date(2002, 1, 5))
    old, new = Book.new(), Book.new()
    sold(old, 1000_00, expires_at=calendar.at(date(2002, 3, 31)))
    for day, amount in (((1, 10), 500_00), ((2, 10), 250_00), ((3, 10), 200_00)):
        calendar.go(date(2002, *day))
        old.debit(amount * CREDIT)
    sold(new, 1000_00, expires_at=calendar.at(date(2002, 5, 31)))
    new.debit(400_00 * CREDIT)
    calendar.go(date(2002, 4, 1))
    old.refresh()
    recognise([old, new])
    engine.run(date(2002, 3, 31))
    matured, young = waterfall.report(month(3))[0].rows
    assert {name: amount for name, amount in matured.items() if amount} == {
        "cohort": COHORT,
        "used": 950_00,
        "broken": 50_00,
        "total": 1000_00,
    }
    assert {name: amount for name, amount in young.items() if amount} == {
        "cohort": "2002-03/USD",
        "used": 400_00,
        "2002-04": 300_00,
        "2002-05": 240_00,
        "breakage": 60_00,
        "total": 1000_00,
    }


def test_an_estimate_is_held_against_what_broke(life):
    """10 % were expected of what in the end 46 % of broke."""
    life.calendar.go(date(2003, 1, 6))
    for book in life.books:
        book.refresh()
    recognise(life.books)
    said = [table for table in cohorts.report(date(2003, 1, 1)) if table.name == "back-test-USD"]
    assert [
        (row["age"], row["expected"], row["final"], row["difference"]) for row in said[0].rows
    ] == [(1, 100_00, 460_00, -360_00), (2, 100_00, 460_00, -360_00)]
    assert said[0].rows[0]["final_rate"] == Decimal("0.46")
