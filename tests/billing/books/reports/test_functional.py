"""All currencies together, in the functional one (accounting rules, E19)."""

from datetime import date
from decimal import Decimal

from billing.books import revenue
from billing.books.reports import functional
from billing.models import ExchangeRate
from ledger.amounts import CREDIT
from tests.factories.dated import sold
from tests.factories.ledger import Book, key


def test_revenue_keeps_the_rate_of_the_sale(calendar):
    for day, rate in ((date(2002, 1, 1), "1.10"), (date(2002, 2, 1), "1.50")):
        ExchangeRate.objects.create(currency="EUR", to="USD", day=day, rate=Decimal(rate))
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    sold(book, 100_00, currency="EUR")
    calendar.go(date(2002, 2, 10))
    book.debit(40_00 * CREDIT, **key())
    revenue.recognise_all()
    (table,) = functional.report(date(2002, 2, 1))
    assert [(row["account"], row["debit"], row["credit"]) for row in table.rows] == [
        ("1000", 110_00, 0),
        ("2100", 0, 66_00),
        ("4100", 0, 44_00),
    ]
    assert table.totals == {"account": "Total", "debit": 110_00, "credit": 110_00}


def test_a_rate_that_is_missing_is_named(calendar):
    calendar.go(date(2002, 1, 10))
    sold(Book.new(), 100_00, currency="EUR")
    (table,) = functional.report(date(2002, 1, 1))
    assert list(table.rows) == []
    assert "no rate from EUR to USD of 2002-01-10" in table.note
