"""Section 8.1, by hand."""

from datetime import date

import pytest

from accounts.models import HOUSE_ID
from billing.books.cohorts import last_day
from billing.books.reports import roll_forward
from billing.books.rows import named_rows
from billing.books.tie_outs.reports import TIE_OUTS
from ledger import services
from ledger.amounts import CREDIT
from ledger.services import Leg
from tests.billing.books.reports.example import COHORT, OCTOBER, SEPTEMBER, month
from tests.factories.ledger import Book


def broken(of: date):
    parameters = {"start": of, "end": last_day(of)}
    return {one.name for one in TIE_OUTS if named_rows(one.sql, parameters)}


def shown(of: date):
    return [
        (line.name, line.deferred, line.advance, line.net) for line in roll_forward.lines(of, "USD")
    ]


def test_the_example_month(calendar):
    month(calendar)
    assert shown(OCTOBER) == [
        ("opening", 1000_00, -60_00, 940_00),
        ("sales", 500_00, 0, 500_00),
        ("usage", -310_00, 0, -310_00),
        ("reversals", 10_00, 0, 10_00),
        ("expiry", -40_00, 40_00, 0),
        ("breakage", 0, -29_50, -29_50),
        ("refunds", -60_00, 0, -60_00),
        ("chargebacks", -60_00, 0, -60_00),
        ("escheat", -12_00, 0, -12_00),
        ("transfers", 0, 0, 0),
        ("closing", 1028_00, -49_50, 978_50),
    ]
    assert broken(OCTOBER) == set()


def test_a_month_opens_where_the_one_before_closed(calendar):
    month(calendar)
    assert shown(SEPTEMBER)[-1] == ("closing", 1000_00, -60_00, 940_00)
    assert shown(date(2003, 11, 1))[0] == ("opening", 1028_00, -49_50, 978_50)


def test_cohorts_add_up_to_the_whole(calendar):
    month(calendar)
    whole, by_cohort, _ = roll_forward.report(OCTOBER)
    closing = [row for row in by_cohort.rows if row["name"] == "closing"]
    assert [(row["cohort"], row["deferred"], row["advance"]) for row in closing] == [
        (COHORT, 528_00, -49_50),
        ("2003-10/USD", 500_00, 0),
    ]
    assert whole.totals["net"] == sum(row["net"] for row in closing)


def test_credits_roll_forward_too(calendar):
    month(calendar)
    assert [(name, credits / CREDIT) for name, _, credits in roll_forward.units(OCTOBER)] == [
        ("opening", 100000),
        ("U10", 50000),
        ("U30", -30000),
        ("U31", -4000),
        ("U32", -12000),
        ("U33", -1200),
        ("U34", 0),
        ("U35", 0),
        ("closing", 102800),
    ]


def test_what_is_not_classified_has_a_line_and_breaks_a_tie_out(calendar):
    book = month(calendar)
    leg = Leg("2100", "7000", 1_00, "USD", book_lot(book))
    services.post(book.customer_id, kind="a mistake", money=[leg], posted_on=date(2003, 10, 30))
    assert ("other", -1_00, 0, -1_00) in shown(OCTOBER)
    assert broken(OCTOBER) == {"roll-forward", "roll-forward-lines"}


def test_revenue_from_elsewhere_breaks_a_tie_out(calendar):
    month(calendar)
    leg = Leg("1000", "4100", 1_00, "USD")
    services.post(HOUSE_ID, kind="a mistake", money=[leg], posted_on=date(2003, 10, 30))
    assert broken(OCTOBER) == {"revenue"}


def test_what_has_expired_may_be_the_state_s_after_all(calendar):
    book = month(calendar)
    lot = next(iter(book.lots()))
    calendar.go(date(2003, 11, 3))
    services.adjust(
        book.customer_id, amount=30_00 * CREDIT, cause="escheat", lot_id=lot, expired=True
    )
    assert ("escheat", 0, -30_00, -30_00) in shown(date(2003, 11, 1))
    units = {name: credits / CREDIT for name, _, credits in roll_forward.units(date(2003, 11, 1))}
    assert (units["U31"], units["U33"], units["closing"]) == (3000, -3000, 102800)
    assert broken(date(2003, 11, 1)) == set()


def test_reinstatement_is_a_line_of_its_own(calendar):
    book = month(calendar)
    lot = next(iter(book.lots()))
    until = calendar.at(date(2004, 10, 1))
    services.reinstate(book.customer_id, amount=30_00 * CREDIT, lot_id=lot, expires_at=until)
    assert ("reinstated", 30_00, -30_00, 0) in shown(date(2003, 11, 1))
    assert broken(date(2003, 11, 1)) == set()


def book_lot(book):
    return list(book.lots())[-1]


@pytest.mark.parametrize("of", [date(1999, 1, 1), SEPTEMBER])
def test_without_a_history_everything_ties(calendar, of):
    assert broken(of) == set()
    assert roll_forward.lines(of, "USD")[-1].net == 0


@pytest.mark.xfail(strict=True, reason="They expire on the day of their expiry, before they came")
def test_credits_given_back_after_their_expiry_expire_when_they_came_back(calendar):
    """They were used until then: January has nothing of it (E18, then E08)."""
    calendar.go(date(2002, 1, 10))
    book = Book.funded(10 * CREDIT, expires_at=calendar.at(date(2002, 1, 20)))
    used = book.debit(6 * CREDIT)
    calendar.go(date(2002, 1, 21))
    book.refresh()
    calendar.go(date(2002, 2, 10))
    book.reverse(used)
    assert broken(date(2002, 1, 1)) == set()
