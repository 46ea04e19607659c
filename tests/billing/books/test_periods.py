"""Months that close: in order, once over, and never posted into again; what is late counts for the
open month and keeps its own date (accounting rules, section 6)."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from billing.books import closing, periods, revenue
from billing.books.errors import CloseOutOfOrder, NotClosed, PeriodClosed, PeriodNotOver
from billing.models import Period, PeriodState
from ledger import services
from ledger.errors import Refused
from ledger.services import Leg
from tests.factories.accounts import UserFactory
from tests.factories.dated import Calendar
from tests.factories.ledger import Book, key

JANUARY, FEBRUARY, MARCH = (date(2025, month, 1) for month in (1, 2, 3))
FEE = [Leg("6100", "1000", 320, "USD")]


def usage(book: Book) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, amount, posted_on, (effective_at at time zone 'UTC')::date"
            " from ledger_transfer where customer_id = %s and kind in ('usage', 'usage-back')"
            " order by version",
            [book.customer_id],
        )
        return cursor.fetchall()


def sold(calendar: Calendar) -> Book:
    calendar.go(JANUARY.replace(day=5))
    book = Book.new()
    book.grant(1000, "paid", price=10_000, currency="USD")
    return book


def test_a_commit_of_january_found_wrong_in_february(calendar):
    """Closed on 5 February; refused if dated January, accepted dated February, effective 20
    January."""
    book = sold(calendar)
    calendar.go(date(2025, 1, 20))
    debit = book.debit(100, **key())
    calendar.go(date(2025, 2, 5))
    closing.close(JANUARY)
    calendar.go(date(2025, 2, 10))
    for day in (date(2025, 1, 20), date(2025, 1, 31)):
        with pytest.raises(Refused) as refused:
            services.post(book.customer_id, kind="correction", money=FEE, posted_on=day)
        assert refused.value.code == "period-closed"
    with pytest.raises(PeriodClosed):
        periods.require_open(date(2025, 1, 20))
    book.reverse(debit)
    revenue.recognise_all()
    assert usage(book) == [
        ("usage", 1000, date(2025, 1, 20), date(2025, 1, 20)),
        ("usage-back", 1000, date(2025, 2, 10), date(2025, 1, 20)),
    ]


def test_what_is_posted_late_is_of_its_own_day_while_that_is_open(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 1, 20))
    book.debit(100, **key())
    calendar.go(date(2025, 2, 3))
    book.debit(50, **key())
    revenue.recognise_all()
    days = [row[2] for row in usage(book)]
    assert days == [date(2025, 1, 20), date(2025, 2, 3)]
    services.post(
        book.customer_id, kind="correction", money=FEE, posted_on=date(2025, 1, 31)
    )  # January is open


def test_a_day_to_come_is_no_day_to_post_for(calendar):
    book = sold(calendar)
    with pytest.raises(Refused) as refused:
        services.post(book.customer_id, kind="x", money=FEE, posted_on=date(2025, 1, 6))
    assert refused.value.code == "posting-in-future"


def test_a_lot_that_nobody_looked_at_expires_on_its_own_day(calendar):
    calendar.go(date(2025, 1, 5))
    book = Book.new()
    until = datetime(2025, 1, 25, tzinfo=UTC)
    book.grant(100, "paid", price=1000, currency="USD", expires_at=until)
    calendar.go(date(2025, 2, 5))
    closing.close(JANUARY)
    with connection.cursor() as cursor:
        cursor.execute(
            "select account, -sum(amount) from ledger_posting where posting_date <= '2025-01-31'"
            " and account in ('2100', '4200', 'U31') group by 1 order by 1"
        )
        assert cursor.fetchall() == [("2100", 0), ("4200", 1000), ("U31", 100)]


def test_months_close_in_their_order_and_once(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 20))
    book.debit(10, **key())
    calendar.go(date(2025, 3, 5))
    with pytest.raises(CloseOutOfOrder, match="2025-01 comes first"):
        closing.close(FEBRUARY)
    assert periods.closed_through() is None
    assert periods.next_to_close() == JANUARY
    closing.close(JANUARY)
    closing.close(FEBRUARY)
    with pytest.raises(CloseOutOfOrder, match="closed already"):
        closing.close(JANUARY)
    with pytest.raises(PeriodNotOver):
        closing.close(MARCH)
    assert periods.closed_through() == date(2025, 2, 28)


def test_months_without_entries_do_not_stand_in_the_way(calendar):
    sold(calendar)
    calendar.go(date(2025, 6, 2))
    closing.close(JANUARY)
    closing.close(date(2025, 5, 1))
    assert periods.closed_through() == date(2025, 5, 31)


def test_a_closed_month_is_reopened_by_two_people(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 5))
    closing.close(JANUARY)
    asks, approves = UserFactory(), UserFactory()
    for reason, by, approved in [("", asks, approves), ("Wrong price", asks, asks)]:
        with pytest.raises(NotClosed):
            periods.reopen(JANUARY, reason=reason, by=by, approved_by=approved)
    with pytest.raises(NotClosed):
        periods.reopen(FEBRUARY, reason="Wrong price", by=asks, approved_by=approves)
    period = periods.reopen(JANUARY, reason="Wrong price", by=asks, approved_by=approves)
    assert (period.state, period.approved_by) == (PeriodState.REOPENED, approves)
    services.post(book.customer_id, kind="correction", money=FEE, posted_on=date(2025, 1, 31))
    closing.close(JANUARY)
    assert Period.objects.get().state == PeriodState.CLOSED
    assert list(closing.left(Period.objects.get())) == list(closing.STEPS)


def test_an_earlier_month_is_not_reopened_under_a_later_one(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 20))
    book.debit(10, **key())
    calendar.go(date(2025, 3, 5))
    closing.close(JANUARY)
    closing.close(FEBRUARY)
    with pytest.raises(NotClosed, match="later month"):
        periods.reopen(JANUARY, reason="Late", by=UserFactory(), approved_by=UserFactory())


def test_while_a_month_is_being_closed_only_the_close_posts_into_it(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 5))
    period = closing.begin(JANUARY)
    for name in ("freeze", "expire", "recognise"):
        closing.take(period, name)
    with pytest.raises(Refused) as refused:
        services.post(book.customer_id, kind="x", money=FEE, posted_on=date(2025, 1, 31))
    assert refused.value.code == "period-closed"
    services.post(book.customer_id, kind="x", money=FEE, posted_on=date(2025, 1, 31), closing=True)
    with pytest.raises(CloseOutOfOrder, match="First estimate"):
        closing.take(period, "lock")


def test_a_day_begins_in_the_providers_time_zone(calendar):
    calendar.go(date(2025, 1, 5))
    with connection.cursor() as cursor:
        cursor.execute("select ledger_set_time_zone('America/New_York')")
        assert cursor.fetchone() == (True,)
    book = Book.new()
    book.grant(1000, "paid", price=10_000, currency="USD")
    calendar.go(date(2025, 2, 1), hour=3)  # 31 January there
    book.debit(100, **key())
    revenue.recognise_all()
    assert [row[2] for row in usage(book)] == [date(2025, 1, 31)]
    with pytest.raises(PeriodNotOver):
        closing.close(JANUARY)
    calendar.go(date(2025, 2, 1), hour=6)
    closing.close(JANUARY)
    with connection.cursor() as cursor:
        cursor.execute("select ledger_set_time_zone('UTC')")
        assert cursor.fetchone() == (False,)


def test_a_close_that_is_given_up_leaves_the_month_open_and_begins_anew(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 5))
    period = closing.begin(JANUARY)
    for name in ("freeze", "expire", "recognise"):
        closing.take(period, name)
    closing.abandon(period)
    assert Period.objects.get().state == PeriodState.OPEN
    services.post(book.customer_id, kind="x", money=FEE, posted_on=date(2025, 1, 31))
    with pytest.raises(CloseOutOfOrder):
        closing.abandon(period)
    period = closing.begin(JANUARY)
    assert list(closing.left(period)) == list(closing.STEPS)
    closing.close(JANUARY)


def test_a_month_is_not_locked_over_one_that_was_reopened(calendar):
    book = sold(calendar)
    calendar.go(date(2025, 2, 20))
    book.debit(10, **key())
    calendar.go(date(2025, 3, 5))
    closing.close(JANUARY)
    period = closing.begin(FEBRUARY)
    for name in list(closing.STEPS)[:-1]:
        assert closing.take(period, name).ok
    periods.reopen(JANUARY, reason="Late", by=UserFactory(), approved_by=UserFactory())
    with pytest.raises(CloseOutOfOrder, match="reopened meanwhile"):
        closing.take(period, "lock")
