"""The example month of section 8.1: October of a year long ago. Amounts are cents."""

from datetime import date

from ledger import services
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, breakage, recognise, sold
from tests.factories.ledger import Book

SEPTEMBER, OCTOBER, NOVEMBER = date(2003, 9, 1), date(2003, 10, 1), date(2003, 11, 1)
COHORT = "2003-09/USD"


def month(calendar: Calendar) -> Book:
    """Opening 1,000.00 on 2100 and 60.00 on 2110; then one of each line."""
    calendar.go(date(2003, 9, 10))
    book = Book.new()
    sold(book, 40_00, expires_at=calendar.at(date(2003, 10, 20)), priority=900)
    to_refund = sold(book, 60_00, priority=901)
    to_dispute = sold(book, 60_00, priority=902)
    to_escheat = sold(book, 12_00, priority=903)
    sold(book, 828_00)
    calendar.go(date(2003, 9, 30))
    breakage(60_00, COHORT, date(2003, 9, 30))
    calendar.go(date(2003, 10, 5))
    sold(book, 500_00)
    used = book.debit(310_00 * CREDIT)
    book.reverse(used, 10_00 * CREDIT)
    calendar.go(date(2003, 10, 21))
    book.refresh()
    for lot, cause in (
        (to_refund, "refund"),
        (to_dispute, "dispute"),
        (to_escheat, "escheat"),
    ):
        amount = book.lots()[lot]
        services.adjust(book.customer_id, amount=amount, cause=cause, lot_id=lot)
    taker = Book.new()
    services.move(book.customer_id, taker.customer_id, amount=100 * CREDIT)
    recognise([book, taker])
    calendar.go(date(2003, 11, 2))
    breakage(29_50, COHORT, date(2003, 10, 31))
    return book
