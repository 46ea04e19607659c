"""Section 8.6: days from the month's last day to the expiry. January 2002 ends on the 31st."""

from datetime import date, timedelta

import pytest

from billing.books.reports import ageing
from billing.models import Modification
from ledger import services
from ledger.amounts import CREDIT
from tests.factories.dated import sold
from tests.factories.ledger import Book

JANUARY, LAST = date(2002, 1, 1), date(2002, 1, 31)


def buckets(month=JANUARY):
    (table,) = ageing.report(month)
    return {row["bucket"]: row["deferred"] for row in table.rows if row["deferred"]}


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (1, "Within 30 days"),
        (30, "Within 30 days"),
        (31, "31 to 90 days"),
        (90, "31 to 90 days"),
        (91, "91 to 180 days"),
        (180, "91 to 180 days"),
        (181, "181 to 365 days"),
        (365, "181 to 365 days"),
        (366, "Later"),
        (None, "Never"),
    ],
)
def test_edges(calendar, days, bucket):
    calendar.go(date(2002, 1, 10))
    until = None if days is None else calendar.at(LAST + timedelta(days=days))
    sold(Book.new(), 10_00, expires_at=until)
    assert buckets() == {bucket: 10_00}


def test_current_is_what_expires_within_a_year(calendar):
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    sold(book, 10_00, expires_at=calendar.at(LAST + timedelta(days=365)))
    sold(book, 20_00, expires_at=calendar.at(LAST + timedelta(days=366)))
    sold(book, 40_00)
    (table,) = ageing.report(JANUARY)
    assert (table.totals["current"], table.totals["non_current"]) == (10_00, 60_00)


def test_what_came_later_does_not_count(calendar):
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    lot = sold(book, 10_00)
    calendar.go(date(2002, 2, 1))
    services.adjust(book.customer_id, amount=4_00 * CREDIT, cause="refund", lot_id=lot)
    sold(book, 50_00)
    assert buckets() == {"Never": 10_00}
    assert buckets(date(2002, 2, 1)) == {"Never": 56_00}


def test_an_expiry_that_was_changed_later_is_as_it_was(calendar):
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    first, then = (calendar.at(date(2002, month, 20)) for month in (2, 12))
    lot = sold(book, 10_00, expires_at=first)
    calendar.go(date(2002, 2, 10))
    services.redate(book.customer_id, lot_id=lot, expires_at=then)
    Modification.objects.create(
        customer_id=book.customer_id,
        lot_id=lot,
        expires_before=first,
        expires_after=then,
        made_at=calendar.now(),
    )
    assert buckets() == {"Within 30 days": 10_00}
    assert buckets(date(2002, 2, 1)) == {"181 to 365 days": 10_00}


def test_what_is_held_past_its_expiry_is_due(calendar):
    calendar.go(date(2002, 1, 20))
    book = Book.new()
    sold(book, 10_00, expires_at=calendar.at(date(2002, 1, 31), hour=11))
    calendar.go(date(2002, 1, 31), hour=10)
    book.reserve(3_00 * CREDIT, expires_in=86400)
    calendar.go(date(2002, 1, 31), hour=13)
    book.refresh()
    assert buckets() == {"Due": 3_00}
