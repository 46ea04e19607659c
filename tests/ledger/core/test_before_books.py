"""What a release wrote that knew no books is entered as it would be today. One customer's lots; the
core is made to forget what it has learned since, in a database transaction that is rolled back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction

from config.demo.history.clock import as_owner, move_to
from ledger import checks, services, sql, wallets
from tests.factories.ledger import Book

FORGET = """
delete from ledger_transfer;
create or replace function ledger_value_legs(
    p_customer uuid, p_lots uuid[], p_parts bigint[], p_debit text, p_credit text) returns jsonb
language sql stable as 'select null::jsonb';
create or replace function ledger_recognise(p_customers uuid[]) returns integer
language sql as 'select 0';
create or replace function ledger_mark_recognised(w ledger_wallet) returns void
language sql as '';
"""
NOW = datetime(2021, 6, 30, 12, tzinfo=UTC)
ENTRIES = """
select posting_date, account, sum(amount)::bigint from ledger_posting
where customer_id = %s and account in ('2110', '2300', '4100') group by 1, 2 order by 1, 2
"""


@pytest.fixture
def _old_release() -> Iterator[None]:
    with as_owner(), transaction.atomic():
        execute(FORGET)
        yield
        transaction.set_rollback(True)


def execute(statements: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statements)


def go(days_ago: int) -> datetime:
    at = NOW - timedelta(days=days_ago)
    move_to(at)
    return at


def upgraded(*books: Book) -> None:
    """No check finds anything, before what is left of the usage is recognised and after it."""
    move_to(NOW)
    for operation in sql.functions() + [sql.before_books()]:
        execute(str(operation.sql))
    customers = [book.customer_id for book in books]
    assert broken(customers) == []
    services.recognise(customers)
    assert broken(customers) == []
    assert services.recognise(customers) == 0


def broken(customers: list) -> list:
    found = checks.run(connections["owner"], customers)
    return [(one.check.name, one.rows) for one in found if one.broken]


def entered(book: Book) -> list[tuple[int, str, int]]:
    """How many days ago, the account, and cents: credits below zero."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(ENTRIES, [book.customer_id])
        return [((NOW.date() - day).days, *rest) for day, *rest in cursor.fetchall()]


@pytest.mark.usefixtures("_old_release")
def test_what_left_unused_has_its_money_on_its_own_day():
    go(80)
    book = Book.new()
    lot = book.grant(1000, "paid", expires_at=NOW - timedelta(days=30))
    go(60)
    book.debit(400)
    go(50)
    services.adjust(book.customer_id, amount=100, cause="forfeit", lot_id=lot)
    services.adjust(book.customer_id, amount=10, cause="escheat", lot_id=lot)
    go(20)
    book.refresh()
    upgraded(book)
    assert entered(book) == [
        (60, "4100", -400),
        (50, "2110", -100),
        (50, "2300", -10),
        (30, "2110", -490),
    ]


@pytest.mark.usefixtures("_old_release")
def test_money_that_was_given_is_not_entered_twice():
    go(80)
    book = Book.new()
    lot = book.grant(1000, "paid")
    money = [services.Leg("2100", "2110", 100, "USD")]
    services.adjust(book.customer_id, amount=100, cause="forfeit", lot_id=lot, money=money)
    upgraded(book)
    assert entered(book) == [(80, "2110", -100)]


@pytest.mark.usefixtures("_old_release")
def test_what_was_used_before_a_move_is_revenue_of_its_day():
    """Of both moves almost nothing is left, so that a new basis says nothing of the old one."""
    go(80)
    giver, taker, last = Book.new(), Book.new(), Book.new()
    lot = giver.grant(1_000_000, "paid", price=1000)
    other = giver.grant(1_000_000, "paid", price=500)
    go(70)
    giver.debit(100_000)
    services.adjust(giver.customer_id, amount=300_000, cause="forfeit", lot_id=lot)
    go(60)
    services.move(giver.customer_id, taker.customer_id, amount=599_999, lot_id=lot)
    go(50)
    giver.debit(200_001)
    taker.debit(100_000)
    go(40)
    services.move(taker.customer_id, last.customer_id, amount=499_998)
    services.move(giver.customer_id, last.customer_id, amount=799_999, lot_id=other)
    upgraded(giver, taker, last)
    assert entered(giver) == [(70, "2110", -300), (70, "4100", -100), (50, "4100", -100)]
    assert entered(taker) == [(50, "4100", -100)]
    assert entered(last) == []


@pytest.mark.usefixtures("_old_release")
def test_debt_is_revenue_from_the_day_on_which_a_paid_lot_covers_it():
    go(80)
    book = Book.new()
    wallets.set_credit_limit(book.customer_id, limit=100)
    book.debit(60)
    go(50)
    book.grant(500, "paid")
    upgraded(book)
    assert entered(book) == [(50, "4100", -60)]
