"""Sums of usage are what the calls say: whenever they are asked for, of whatever time."""

from random import Random
from threading import Thread
from typing import Any

import pytest
from django.db import connections, transaction

from ledger import usage, wallets
from ledger.usage import Dimension, Unbilled
from tests.factories.ledger import Book, Clock
from tests.ledger.core.usage_world import (
    HOUR,
    KEYS,
    dated,
    difference,
    fields,
    findings,
    step,
    sum_below,
    summed_calls,
)


@pytest.fixture(autouse=True)
def _real_time(clock: Clock) -> None:
    clock.reset()


class History:
    """A customer to whom anything happens."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.book = Book.funded(10**9)
        wallets.set_late_commit(self.book.customer_id, charge=True)
        self.holds: list[Any] = []
        self.calls: list[Any] = []

    def happen(self) -> None:
        verb = self.random.choice(
            ["debit", "debit", "reserve", "commit", "part", "release", "reverse", "reverse", "late"]
        )
        getattr(self, verb)()

    def debit(self) -> None:
        amount = self.random.choice([0, 5, 30])
        self.calls.append(self.book.debit(amount, **fields(self.random)))

    def reserve(self) -> None:
        expires_in = self.random.choice([0, 900, 900])
        held = self.book.reserve(
            self.random.choice([0, 40]), expires_in=expires_in, api_key_id=self.random.choice(KEYS)
        )
        self.holds.append(held)

    def commit(self) -> None:
        if held := self._a_hold():
            self.book.commit(held, self.random.choice([0, 7, None]), outcome="success")

    def part(self) -> None:
        if self.holds:
            self.book.commit(self.random.choice(self.holds), 3, final=False)

    def release(self) -> None:
        if held := self._a_hold():
            self.book.release(held)

    def late(self) -> None:
        """What expired, or was committed, is committed."""
        if self.calls:
            self.book.commit(self.random.choice(self.calls), 4, outcome="partial")

    def reverse(self) -> None:
        if self.calls:
            self.book.reverse(self.random.choice(self.calls), self.random.choice([1, 2, None]))

    def _a_hold(self) -> Any:
        if not self.holds:
            return None
        held = self.holds.pop(self.random.randrange(len(self.holds)))
        self.calls.append(held)
        return held


@pytest.mark.parametrize("seed", range(8))
def test_any_history_is_summed_exactly_at_every_step(seed, today):
    history = History(seed)
    for _ in range(60):
        history.happen()
        if history.random.random() < 0.4:
            step(history.book, history.random.choice([1, 3, 1000]))
        assert difference(history.book, *today) == []
    for held in history.holds + history.calls:
        history.book.release(held)
    while step(history.book, 10):
        assert difference(history.book, *today) == []
    assert summed_calls(history.book) > 10
    assert findings(history.book) == []


class TestACallThatChangesAfterItsEnd:
    @pytest.fixture
    def call(self, book):
        return book.debit(30, outcome="success")

    @pytest.mark.parametrize("amount", [10, None])
    def test_is_less_in_the_sums(self, book, call, amount, today):
        step(book)
        book.reverse(call, amount)
        book.reverse(book.debit(5))
        assert difference(book, *today) == []
        assert usage.use(book.customer_id, today).amount == (20 if amount else 0)
        assert findings(book) == []

    def test_is_summed_as_it_is_when_it_changed_before(self, book, call, today):
        book.reverse(call, 10)
        step(book)
        book.reverse(call, 4)
        assert difference(book, *today) == []
        assert usage.use(book.customer_id, today).amount == 16

    def test_is_among_the_committed_once_it_is_committed_late(self, book, today):
        wallets.set_late_commit(book.customer_id, charge=True)
        hold = book.reserve(30, expires_in=0)
        book.refresh()
        step(book)
        assert usage.unbilled(book.customer_id, today) == Unbilled(released=0, expired=1)
        assert book.commit(hold, outcome="success").ok
        assert summed_calls(book) == 1
        assert difference(book, *today) == []
        assert usage.unbilled(book.customer_id, today) == Unbilled(0, 0)
        (used,) = usage.sums(book.customer_id, today, [Dimension.OUTCOME])
        assert (used.group.outcome, used.calls, used.amount) == ("success", 1, 30)


def in_background(work: Any) -> Thread:
    def done() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = Thread(target=done)
    thread.start()
    return thread


class TestWhileAStepIsUnderWay:
    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_reversal_waits_for_it_and_is_counted(self, book, is_first, today):
        if not is_first:
            book.debit(0)
            step(book)
        call = book.debit(30)
        with transaction.atomic(using="owner"):
            assert step(book) == 1
            reversal = in_background(lambda: book.reverse(call, 10))
            reversal.join(0.5)
            assert reversal.is_alive()
        reversal.join()
        assert difference(book, *today) == []
        assert usage.use(book.customer_id, today).amount == 20

    def test_a_step_waits_for_a_reversal_and_counts_it(self, book, today):
        call = book.debit(30)
        below = dated(Clock().now() + HOUR)["key"]
        with transaction.atomic():
            book.reverse(call, 10)
            added = in_background(lambda: sum_below(book, below))
            added.join(0.5)
            assert added.is_alive()
        added.join()
        assert summed_calls(book) == 1
        assert difference(book, *today) == []

    def test_nobody_who_spends_waits(self, book):
        book.debit(1)
        with transaction.atomic(using="owner"):
            assert sum_below(book, dated(Clock().now())["key"]) == 1
            done: list[Any] = []
            for spend in (lambda: book.debit(1), lambda: book.commit(book.reserve(5))):
                spending = in_background(lambda spend=spend: done.append(spend().ok))
                spending.join(30)
            assert done == [True, True]


def test_an_open_hold_stops_it_for_as_long_as_it_is_open(book, today):
    first, hold, last = book.debit(1), book.reserve(9), book.debit(2)
    book.commit(hold, 3, final=False)
    assert (first.ok, last.ok) == (True, True)
    assert (step(book), step(book)) == (1, 0)
    assert difference(book, *today) == []
    assert usage.use(book.customer_id, today).amount == 6
    book.commit(hold, 1)
    assert step(book) == 2
    assert usage.use(book.customer_id, today).amount == 7


def test_a_hold_that_is_overdue_is_open_until_it_is_entered(book, today):
    book.reserve(9, expires_in=0)
    assert step(book) == 0
    book.refresh()
    assert step(book) == 1
    assert usage.unbilled(book.customer_id, today) == Unbilled(released=0, expired=1)


def test_a_step_goes_as_far_as_it_is_told(book, today):
    for _ in range(7):
        book.debit(1)
    assert [step(book, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert usage.use(book.customer_id, today).amount == 7


def test_sums_that_are_forgotten_are_made_again(book, today):
    book.debit(3)
    step(book)
    with connections["owner"].cursor() as cursor:
        cursor.execute("select ledger_forget_usage(%s)", [book.customer_id])
    assert summed_calls(book) == 0
    assert difference(book, *today) == []
    assert step(book) == 1
    assert difference(book, *today) == []
