"""Sums of usage of times that begin and end whenever they like."""

from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from config.demo.history.clock import as_owner, move_to, moved_clock
from ledger import runway, usage
from ledger.periods import Period
from tests.factories.ledger import Book, Clock
from tests.ledger.core.usage_world import (
    DAY,
    HIGHEST,
    HOUR,
    difference,
    fields,
    findings,
    sum_below,
)


@pytest.fixture(autouse=True)
def _real_time(clock: Clock) -> None:
    clock.reset()


class TestDays:
    """Of a customer who has called for four days until this hour."""

    @pytest.fixture
    def past(self):
        now = Clock().now()
        random = Random(1)
        with as_owner(), moved_clock(now - 5 * DAY):
            move_to(now - 4 * DAY)
            book = Book.funded(10**9)
            for hours in range(4 * 24):
                move_to(now - 4 * DAY + hours * HOUR)
                book.debit(random.choice([0, 1, 2]), **fields(random))
                if hours % 5 == 0:
                    book.reserve(1, expires_in=60)
        book.refresh()
        return book

    @pytest.mark.parametrize("upto", [0, 1, 40, 80, 10_000])
    def test_of_any_time_are_exact(self, past, upto, clock):
        sum_below(past, HIGHEST, upto) if upto else None
        random, now = Random(upto), clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        times = [now - 4.5 * DAY * random.random() for _ in range(8)] + [now, now + DAY]
        times += [midnight - days * DAY for days in range(-1, 5)]
        for start in times:
            for end in times:
                if start < end:
                    assert difference(past, start, end) == [], (start, end)
        assert findings(past) == []

    def test_first_costs_are_found_wherever_they_are(self, past, clock):
        now = clock.now()
        times = [now - 4.5 * DAY + hours * HOUR for hours in range(0, 110, 9)]
        before = [usage.use(past.customer_id, Period(start, now)) for start in times]
        for upto in (30, 10_000):
            sum_below(past, HIGHEST, upto)
            assert [usage.use(past.customer_id, Period(start, now)) for start in times] == before

    def test_the_pace_goes_by_what_was_not_given_back(self, past, clock):
        now = clock.now()
        pace = runway.pace(past.customer_id)
        sum_below(past, HIGHEST)
        cache.clear()
        assert runway.pace(past.customer_id) == pace
        costly = self.costly(past)
        past.reverse(costly[0])
        (_, second, *_) = costly
        found = usage.use(past.customer_id, Period(now - 30 * DAY, now))
        assert found.first_at == self.made_at(past, second)

    def costly(self, book):
        with connection.cursor() as cursor:
            cursor.execute(
                "select id from ledger_call where customer_id = %s and committed > 0 order by id",
                [book.customer_id],
            )
            return [Call(id) for (id,) in cursor.fetchall()]

    def made_at(self, book, call):
        with connection.cursor() as cursor:
            cursor.execute(
                "select created_at from ledger_call where customer_id = %s and id = %s",
                [book.customer_id, call.reservation_id],
            )
            return cursor.fetchone()[0]


class Call:
    def __init__(self, id: Any) -> None:
        self.reservation_id = id
