"""What all transfers come to by the hour, beside the transfers themselves."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import Customer
from billing.books import revenue
from ledger import company_sums
from ledger.amounts import CREDIT
from ledger.periods import Period
from tests.billing.portal.figures.history import History
from tests.factories.dated import Calendar, undone
from tests.factories.ledger import Book

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NEVER = Period(FIRST, FIRST)


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    with django_db_blocker.unblock(), undone() as calendar:
        yield calendar


def summed(by: str = "hour") -> Counter:
    found = company_sums.sums(Period(FIRST, LAST), NEVER, by=by)
    return Counter({tuple(one[:-1]): one.amount for one in found})


def posted() -> Counter:
    """From the transfers of customers that are no sandboxes, one by one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.posted_at, t.posted_on, t.effective_at, t.unit, t.debit, t.credit,"
            " case when t.debit = 'U10' and l.document like 'opening:%' then 'opening'"
            " else t.kind end,"
            " coalesce(t.debit = 'U10' and l.kind in ('paid', 'bonus'), false), t.amount"
            " from ledger_transfer t join accounts_customer c on c.id = t.customer_id"
            " left join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id"
            " where c.sandbox_of_id is null"
        )
        found: Counter = Counter()
        for posted_at, posted_on, effective_at, *of, amount in cursor.fetchall():
            at = posted_at
            if posted_on is not None and posted_on != posted_at.date():
                at = datetime(posted_on.year, posted_on.month, posted_on.day, tzinfo=UTC)
                if effective_at is not None and effective_at.date() == posted_on:
                    at = effective_at
            found[at.replace(minute=0, second=0, microsecond=0), *of] += amount
        return found


def by_postings(first: datetime) -> Counter:
    """Of each account and day from then on, as the books have it: debits above zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select posting_date, unit, account, sum(p.amount)::bigint from ledger_posting p"
            " join accounts_customer c on c.id = p.customer_id"
            " where c.sandbox_of_id is null and posting_date >= %s group by 1, 2, 3",
            [first.date()],
        )
        return Counter({row[:3]: row[3] for row in cursor.fetchall()})


def of_accounts(first: datetime) -> Counter:
    found: Counter = Counter()
    for (at, unit, debit, credit, _, _), amount in summed("day").items():
        if at >= first:
            found[at.date(), unit, debit] += amount
            found[at.date(), unit, credit] -= amount
    return found


@pytest.mark.parametrize("seed", range(2))
def test_sums_are_what_the_transfers_come_to(calendar, seed):
    history = History(seed)
    for _ in range(4):
        history.play(30)
        history.clock.forward(7 * 3600)
        revenue.recognise_all()
        company_sums.advance(seconds=60)
        assert summed() == posted()
    assert of_accounts(FIRST) == by_postings(FIRST)


def test_a_transfer_is_added_once(calendar):
    book = Book.funded(100 * CREDIT)
    assert company_sums.advance(seconds=60) > 0
    before = summed()
    assert company_sums.advance(seconds=60) == 0
    assert summed() == before == posted()
    book.debit(CREDIT)
    assert company_sums.advance(seconds=60) == 1
    assert summed() == posted() != before


def test_small_steps_come_to_the_same(calendar, monkeypatch):
    """Within a customer, too."""
    monkeypatch.setattr(company_sums, "TRANSACTIONS_AT_ONCE", 3)
    books = [Book.funded(100 * CREDIT) for _ in range(3)]
    for book in books:
        for _ in range(7):
            book.debit(CREDIT)
    company_sums.advance(seconds=60)
    assert summed() == posted()
    assert company_sums.complete_at() is not None


def test_they_say_as_of_when_once_nothing_is_left(calendar, monkeypatch):
    company_sums.advance(seconds=60)
    book = Book.funded(100 * CREDIT)
    for _ in range(4):
        book.debit(CREDIT)
    calendar.forward(3600)
    began = calendar.now()
    monkeypatch.setattr(company_sums, "TRANSACTIONS_AT_ONCE", 2)
    company_sums.advance(seconds=0)
    assert company_sums.complete_at() < began
    company_sums.advance(seconds=60)
    assert company_sums.complete_at() >= began


def test_test_credits_are_not_in_them(calendar):
    company_sums.advance(seconds=60)
    before = summed()
    owner = Book.new()
    sandbox = Customer.objects.create(name="Test", sandbox_of_id=owner.customer_id)
    Book(sandbox.id).grant(100 * CREDIT)
    assert company_sums.advance(seconds=60) == 0
    assert summed() == before


def test_those_of_the_time_before_come_together(calendar):
    Book.funded(5 * CREDIT)
    calendar.forward(50 * 3600)
    book = Book.funded(7 * CREDIT)
    company_sums.advance(seconds=60)
    now = calendar.now().replace(minute=0, second=0, microsecond=0)
    day = Period(now - timedelta(hours=23), now + timedelta(hours=1))
    before = Period(now - timedelta(hours=60), now - timedelta(hours=40))
    found = company_sums.sums(day, before, by="hour")
    granted = Counter()
    for one in found:
        if one.debit == "U10":
            granted[one.at] += one.into("U20")
    assert granted[now] >= 7 * CREDIT and granted[None] >= 5 * CREDIT
    assert sum(granted.values()) == sum(
        amount
        for (at, _, debit, *_), amount in posted().items()
        if debit == "U10" and any(one.start <= at < one.end for one in (before, day))
    )
    assert book.lots()
