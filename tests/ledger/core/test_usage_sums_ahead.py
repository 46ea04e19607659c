"""Sums of usage are brought forward in the background, as far as nobody can add to them."""

from datetime import timedelta

import pytest
from django.db import connections

from ledger import usage, usage_sums
from ledger.periods import Period
from ledger.usage import Use
from tests.factories.ledger import Clock
from tests.ledger.core.usage_world import (
    DAY,
    HOUR,
    dated,
    difference,
    findings,
    summed_calls,
)


@pytest.fixture(autouse=True)
def _real_time(clock: Clock) -> None:
    clock.reset()


class TestTheBackground:
    @pytest.fixture(autouse=True)
    def _any_number(self, monkeypatch):
        monkeypatch.setattr(usage_sums, "WORTH_SUMMING", 1)
        monkeypatch.setattr(usage_sums, "CALLS_AT_ONCE", 2)

    def test_sums_what_nobody_can_add_to_any_more(self, book, clock, today):
        ages = (30 * HOUR, 26 * HOUR, 25.5 * HOUR, 24.5 * HOUR, timedelta(0))
        for age in ages:
            assert book.debit(1, **dated(clock.now() - age)).ok
        usage_sums.advance(seconds=60)
        assert summed_calls(book) == 3
        assert difference(book, *today) == []
        assert book.debit(1, **dated(clock.now() - 24 * HOUR)).ok
        assert difference(book, *today) == []
        assert findings(book) == []

    def test_looks_only_at_who_has_something_to_add(self, book, clock):
        assert book.customer_id not in usage_sums._due()
        book.debit(1, **dated(clock.now() - 30 * HOUR))
        hold = book.reserve(1, **dated(clock.now() - 28 * HOUR))
        book.debit(1, **dated(clock.now() - 27 * HOUR))
        assert book.customer_id in usage_sums._due()
        usage_sums.advance(seconds=60)
        assert book.customer_id not in usage_sums._due()
        book.release(hold)
        assert book.customer_id in usage_sums._due()

    def test_leaves_the_rest_of_a_long_past_for_the_next_time(self, book, clock):
        for age in (30, 29, 28, 27):
            book.debit(1, **dated(clock.now() - age * HOUR))
        assert usage_sums.advance(seconds=0) == 0
        assert usage_sums.advance(seconds=60) >= 4
        assert summed_calls(book) == 4

    def test_finds_calls_whose_ids_say_nothing_of_when_they_were_made(self, book, clock, today):
        book.debit(1, **dated(clock.now() - 40 * DAY))
        usage_sums.advance(seconds=60)
        assert summed_calls(book) == 1
        now = clock.now()
        assert difference(book, now - HOUR, now + HOUR) == []
        assert difference(book, *today) == []

    def test_does_nothing_while_the_clock_is_moved_and_all_is_read_call_by_call(self, book, clock):
        start = clock.now() - DAY
        book.debit(1, **dated(clock.now() - 30 * HOUR))
        usage_sums.advance(seconds=60)
        clock.forward(3 * 86_400)
        book.debit(2, **dated(clock.now() - 7 * DAY))
        usage_sums.advance(seconds=60)
        assert summed_calls(book) == 1
        assert difference(book, start, clock.after(60)) == []
        assert usage.use(book.customer_id, Period(start, clock.after(60))).amount == 3

    def test_goes_on_when_a_clock_that_was_ahead_is_put_back(self, book, clock):
        start = clock.now() - DAY
        clock.forward(3 * 86_400)
        book.debit(2)
        book.debit(4, **dated(clock.now() - 3 * DAY))
        book.debit(3, **dated(clock.now() - 30 * HOUR - 3 * DAY))
        clock.reset()
        book.debit(1, **dated(clock.now() - 30 * HOUR))
        usage_sums.advance(seconds=60)
        assert summed_calls(book) == 2
        for end in (clock.after(60), clock.now() + 2 * DAY, clock.now() + 5 * DAY):
            assert difference(book, start, end + HOUR)[1:] == []
        assert usage.use(book.customer_id, Period(start, clock.now() + 9 * DAY)) == Use(
            10, usage.use(book.customer_id, Period(start, clock.after(60))).first_at
        )

    def test_leaves_alone_who_has_a_clock_of_its_own(self, book, clock):
        start = clock.now() - DAY
        book.debit(1, **dated(clock.now() - 30 * HOUR))
        usage_sums.advance(seconds=60)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "update ledger_wallet set clock_shift = '40 days' where customer_id = %s",
                [book.customer_id],
            )
        book.debit(2, **dated(clock.now() - 30 * HOUR))
        assert book.customer_id not in usage_sums._due()
        end = clock.now() + 50 * DAY
        assert difference(book, start, end) == []
        assert difference(book, clock.now() + 39 * DAY, end) == []
        assert usage.use(book.customer_id, Period(clock.now() + 39 * DAY, end)).amount == 2
