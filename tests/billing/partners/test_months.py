"""Partners' shares and the months of the books."""

from datetime import date

from billing import partners
from billing.books import closing, tie_outs
from billing.books.reports import trial_balance
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, sold
from tests.factories.ledger import Book
from tests.factories.partners import priced, shared

MARCH, APRIL = date(2003, 3, 1), date(2003, 4, 1)


def share_of(term, month) -> list[int]:
    """Accrued, paid and owed at the end of a month."""
    found = [one for one in partners.statement(term.partner, month) if "balance" in one.name]
    return [
        row[name] for one in found for row in one.rows for name in ("accrued", "paid", "closing")
    ]


def test_the_close_accrues_and_what_is_late_counts_for_the_open_month(calendar: Calendar) -> None:
    calendar.go(date(2003, 3, 10))
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=date(2003, 3, 10))
    sold(book, 1_000)
    done = book.debit(100 * CREDIT, price_id=price.id)
    hold = book.reserve(100 * CREDIT, price_id=price.id, expires_in=30 * 86_400)
    calendar.go(date(2003, 4, 2))
    closing.close(MARCH)
    assert share_of(term, MARCH) == [50, 0, 50]
    book.reverse(done, 40 * CREDIT)
    book.commit(hold)
    partners.accrue_all()
    assert share_of(term, MARCH) == [50, 0, 50]
    assert share_of(term, APRIL) == [30, 0, 80]
    calendar.go(date(2003, 5, 2))
    closing.close(APRIL)
    (march,) = [one for one in trial_balance.report(MARCH) if one.currency == "USD"]
    balances = {row["account"]: (row["debit"], row["credit"]) for row in march.rows}
    assert (balances["6400"], balances["2500"]) == ((50, 0), (0, 50))


def test_a_share_that_is_not_accrued_stops_the_close(calendar: Calendar) -> None:
    calendar.go(date(2003, 3, 10))
    price, book = priced(), Book.new()
    shared(price.endpoint, "50", on=date(2003, 3, 10))
    sold(book, 100)
    book.debit(CREDIT, price_id=price.id)
    broken = [one.check.name for one in tie_outs.run(MARCH, date(2003, 3, 31)) if one.broken]
    assert "partners-accrued" in broken
