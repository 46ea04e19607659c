"""Section 8.8: what was given away, at what credits are sold for."""

from datetime import date

from billing.books.reports import promo
from ledger.amounts import CREDIT
from tests.factories.ledger import Book

JANUARY = date(2002, 1, 1)


def given(book, calendar):
    book.grant(300 * CREDIT, "promo", priority=1)
    book.grant(50 * CREDIT, "goodwill", expires_at=calendar.at(date(2002, 1, 20)), priority=2)
    book.debit(310 * CREDIT)
    calendar.go(date(2002, 1, 21))
    book.refresh()


def test_credits_at_the_average_of_what_was_sold(calendar):
    """2,000 credits for 150.00: 7.5 cents each."""
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    book.grant(1000 * CREDIT, "paid", price=100_00)
    book.grant(1000 * CREDIT, "paid", price=50_00)
    given(book, calendar)
    (table,) = promo.report(JANUARY)
    goodwill, promotional = table.rows
    assert goodwill == {
        "kind": "goodwill",
        "granted": 50 * CREDIT,
        "granted_value": 3_75,
        "used": 10 * CREDIT,
        "used_value": 75,
        "expired": 40 * CREDIT,
        "expired_value": 3_00,
        "voided": 0,
        "voided_value": 0,
    }
    assert (promotional["granted_value"], promotional["used_value"]) == (22_50, 22_50)
    assert (table.currency, table.totals["granted_value"]) == ("USD", 26_25)
    assert "of the month" in table.note


def test_where_nothing_was_sold_the_price_is_of_twelve_months(calendar):
    calendar.go(date(2001, 2, 1))
    book = Book.new()
    book.grant(1000 * CREDIT, "paid", price=100_00, priority=500)
    calendar.go(date(2002, 1, 10))
    given(book, calendar)
    (table,) = promo.report(JANUARY)
    assert table.totals["granted_value"] == 35_00
    assert "of the last 12 months" in table.note


def test_older_prices_are_none(calendar):
    calendar.go(date(2001, 1, 31))
    book = Book.new()
    book.grant(1000 * CREDIT, "paid", price=100_00, priority=500)
    calendar.go(date(2002, 1, 10))
    given(book, calendar)
    (table,) = promo.report(JANUARY)
    assert (table.currency, table.totals["granted"]) == (None, 350 * CREDIT)


def test_each_currency_has_its_own_price(calendar):
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    book.grant(1000 * CREDIT, "paid", price=100_00, priority=500)
    book.grant(1000 * CREDIT, "paid", price=8_000, currency="JPY", priority=500)
    given(book, calendar)
    assert {table.currency: table.totals["granted_value"] for table in promo.report(JANUARY)} == {
        "JPY": 2_800,
        "USD": 35_00,
    }


def test_values_are_rounded_half_to_even():
    price = promo.ListPrice("USD", 1, 2, "")
    assert [price.of(credits) for credits in (0, 1, 2, 3, 4, 5, 7)] == [0, 0, 1, 2, 2, 2, 4]
