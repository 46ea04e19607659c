"""A month of calls, recognised and closed: here a few hundred, in the full form (`make soak`) a
million over 2,000 lots, with the closing process killed again and again."""

import os
import resource
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest
from django.db import connection, connections

from billing.books import closing, revenue
from billing.books.errors import BooksError
from billing.books.scenarios.database import throw_away
from billing.models import Period, PeriodState
from ledger import checks, services
from ledger.models import Lot
from ledger.operations import Operation
from tests.factories.ledger import Book

MONTH = datetime(2025, 1, 1, tzinfo=UTC)
CREDIT = 1_000_000
DAYS = 25


class Size(NamedTuple):
    customers: int
    calls: int  # of each, used up to the last credit
    lots: int  # of each


SHORT, FULL = Size(4, 100, 4), Size(500, 2000, 4)


@pytest.fixture
def month(django_db_setup: None, django_db_blocker):
    """In a database of its own."""
    with django_db_blocker.unblock(), throw_away():
        yield


def play(size: Size) -> None:
    """All lots are sold on the 1st; the calls are spread over 25 days."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("select ledger_make_partitions(%s, %s)", [MONTH, MONTH])
    at(MONTH)
    books = [Book.new() for _ in range(size.customers)]
    for book in books:
        for number in range(size.lots):
            price = 1000 * number + 777
            book.grant(size.calls // size.lots * CREDIT, "paid", price=price, currency="USD")
    for day in range(DAYS):
        at(MONTH + timedelta(days=day))
        for book in books:
            debit = Operation(op="debit", customer_id=book.customer_id, amount=CREDIT)
            results = services.apply([debit] * (size.calls // DAYS))
            assert {result.code for result in results} == {"ok"}
    at(MONTH + timedelta(days=33))
    with connections["owner"].cursor() as cursor:
        cursor.execute("analyze ledger_transfer, ledger_lot, ledger_wallet")


def at(instant: datetime) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("update ledger_clock set shift = %s - clock_timestamp()", [instant])


def transfers() -> int:
    return _one("select count(*) from ledger_transfer")


def by_day() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select posting_date, sum(-amount) from ledger_posting"
            " where account = '4100' group by 1 order by 1"
        )
        return cursor.fetchall()


def broken() -> list[str]:
    return [finding.check.name for finding in checks.run(connection) if finding.broken]


def _one(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def assert_all_is_revenue() -> None:
    """Every lot is used up, so what was paid for it is revenue to the cent, on the days of use."""
    sold = sum(Lot.objects.values_list("price", flat=True))
    days = by_day()
    assert sum(amount for _, amount in days) == sold
    first = MONTH.date()
    assert [day for day, _ in days] == [first + timedelta(days=n) for n in range(DAYS)]
    assert _one("select sum(amount) from ledger_posting where account = '2100'") == 0


def test_a_month_is_closed_once(month):
    play(SHORT)
    closing.close(MONTH.date())
    assert_all_is_revenue()
    posted = transfers()
    assert revenue.recognise_all() == 0
    assert transfers() == posted
    assert broken() == []


def test_a_close_that_is_killed_goes_on(month):
    play(SHORT)
    kills = close_under_kills(Random(7), longest=0.3)
    assert kills > 0
    assert_all_is_revenue()
    assert broken() == []


@pytest.mark.soak
def test_a_million_calls_are_closed_with_flat_memory(month):
    play(FULL)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    closing.close(MONTH.date())
    print(f"recognised and closed in {time.monotonic() - started:.1f} s")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 30_000, f"{grown} kB"
    assert_all_is_revenue()
    posted = transfers()
    assert revenue.recognise_all() == 0
    assert transfers() == posted
    assert broken() == []


@pytest.mark.soak
def test_a_close_of_a_million_calls_is_killed_again_and_again(month):
    play(FULL)
    kills = close_under_kills(Random(11), longest=4.0)
    print(f"killed {kills} times")
    assert kills >= 3
    assert_all_is_revenue()
    assert broken() == []


def close_under_kills(random: Random, *, longest: float) -> int:
    """A process closes the month, and is killed, until one lives to the end: how many died. Each
    may live longer than the one before; the first hardly begins."""
    kills = 0
    while True:
        connections.close_all()
        child = os.fork()
        if not child:
            _close_and_exit()
        lives = random.uniform(0, longest) * kills / 5
        time.sleep(lives)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if Period.objects.filter(month=MONTH.date(), state=PeriodState.CLOSED).exists():
            return kills
        kills += 1


def _close_and_exit() -> None:
    with suppress(BooksError):
        closing.close(MONTH.date())
    os._exit(0)
