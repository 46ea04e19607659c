"""Sums of usage while calls are made, ended and given back: exact at every look."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from threading import Event, Thread
from typing import Any

from django.db import connections

from ledger import wallets
from tests.factories.ledger import Book, Clock
from tests.ledger.core.usage_world import difference, findings, rows, step, summed_calls

SECONDS = 4
WRITERS = 3


@contextmanager
def at_work(*workers: Callable[[], None]) -> Iterator[None]:
    """Each again and again until the block is left. Raises what one of them raised."""
    over = Event()
    broken: list[Exception] = []

    def work(worker: Callable[[], None]) -> None:
        try:
            while not over.is_set():
                worker()
        except Exception as exception:
            broken.append(exception)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=[worker]) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert broken == []


class Writer:
    """Holds that are short, so that sums get ahead; calls are given back, or committed late."""

    def __init__(self, book: Book, seed: int) -> None:
        self.book, self.random = book, Random(seed)
        self.calls: list[Any] = []

    def __call__(self) -> None:
        held = self.book.reserve(20, expires_in=self.random.choice([0, 900, 900]))
        if self.random.random() < 0.5:
            self.book.commit(held, 2, final=False)
        self.random.choice([self.book.commit, self.book.release])(held)
        self.calls += [held, self.book.debit(self.random.choice([0, 3]), outcome="success")]
        for _ in range(2):
            call = self.random.choice(self.calls)
            again = self.random.choice([self.book.reverse, self.book.commit])
            again(call, self.random.choice([1, None]))


def test_sums_are_exact_at_every_look() -> None:
    Clock().reset()
    book = Book.funded(10**12)
    wallets.set_late_commit(book.customer_id, charge=True)
    now = Clock().now()
    period = now - timedelta(days=2), now + timedelta(days=1)
    random = Random(0)
    looks = 0
    writers = [Writer(book, seed) for seed in range(WRITERS)]
    with at_work(*writers, lambda: step(book, random.choice([1, 5, 1000])) and None):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            assert difference(book, *period) == []
            looks += 1
    book.refresh()
    while step(book):
        pass
    made = rows("select count(*) from ledger_call where customer_id = %s", [book.customer_id])
    assert [(summed_calls(book),)] == made
    assert looks > 3
    assert summed_calls(book) > 20
    assert difference(book, *period) == []
    assert findings(book) == []
