"""Calls of several threads or tasks in lists: one that hangs or is broken off is no other's."""

import asyncio
import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from decimal import Decimal
from random import Random
from time import monotonic, sleep

import pytest

from drawdown import AsyncClient, Client, Retry, Unreachable, flows, operations
from drawdown.lists import Lists
from drawdown.problems import RateLimited
from drawdown.retrying import DEFAULT, Tries
from drawdown.wire import Answer
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.world import soon

SECONDS = 2.0


class BrokenOffError(BaseException):
    pass


@contextmanager
def broken_off(seconds):
    """As Celery does with a task that takes too long."""

    def break_off(*_):
        raise BrokenOffError

    before = signal.signal(signal.SIGALRM, break_off)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with pytest.raises(BrokenOffError):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def aside(work, *args, **named):
    """Of a thread that keeps no test from ending."""
    done = Future()

    def run():
        try:
            done.set_result(work(*args, **named))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def test_a_thread_that_is_broken_off_is_alone_with_it(road, demo, world):
    with Client(road.url, demo["service_key"], retry=PATIENT, lists=True) as client:
        road.keep_answers()
        others = []
        late = threading.Timer(
            0.2, lambda: others.append(aside(client.debit, world.customer, amount=1))
        )
        late.start()
        with broken_off(0.6):
            client.debit(world.customer, amount=1)
        late.join()
        road.let_answers_go()
        assert others[0].result(20).committed == 1
        assert aside(client.debit, world.customer, amount=1).result(20).committed == 1


def test_the_deadline_counts_from_when_one_begins_to_wait(road, demo, world):
    retry = Retry(retries=0, deadline=SECONDS)
    with Client(road.url, demo["service_key"], retry=retry, lists=True) as client:
        road.keep_answers()
        before = [aside(client.debit, world.customer, amount=1)]
        soon(lambda: road.requests == 1)
        before.append(aside(client.debit, world.customer, amount=1))
        soon(lambda: road.requests == 2)
        began = monotonic()
        last = aside(client.debit, world.customer, amount=1)
        with pytest.raises(Unreachable):
            last.result(20)
        assert monotonic() - began < SECONDS * 1.5
        assert all(isinstance(each.exception(20), Unreachable) for each in before)


def test_so_it_does_for_tasks(road, demo, world):
    async def main():
        retry = Retry(retries=0, deadline=SECONDS)
        async with AsyncClient(road.url, demo["service_key"], retry=retry, lists=True) as client:
            road.keep_answers()
            first = asyncio.create_task(client.debit(world.customer, amount=1))
            await asyncio.sleep(SECONDS * 0.2)
            began = monotonic()
            with pytest.raises(Unreachable):
                await client.debit(world.customer, amount=1)
            took = monotonic() - began
            await asyncio.gather(first, return_exceptions=True)
            return took

    assert asyncio.run(main()) < SECONDS * 1.5


def test_what_is_refused_for_now_goes_with_a_later_list(road, demo, world):
    world.limit_calls(3, seconds=3)
    retry = Retry(retries=5, deadline=30)
    with Client(road.url, demo["service_key"], retry=retry, lists=True) as client:
        road.keep_answers()
        asked = [aside(client.debit, world.customer, amount=1) for _ in range(5)]
        soon(lambda: road.requests >= 2)
        road.let_answers_go()
        assert [each.result(40).committed for each in asked] == [1] * 5
    assert road.requests > 2
    assert world.balance() == (95, 0)


def test_so_it_does_among_tasks(road, demo, world):
    world.limit_calls(3, seconds=3)

    async def main():
        retry = Retry(retries=5, deadline=30)
        async with AsyncClient(road.url, demo["service_key"], retry=retry, lists=True) as client:
            return await asyncio.gather(*(client.debit(world.customer, amount=1) for _ in range(5)))

    assert [each.committed for each in asyncio.run(main())] == [1] * 5
    assert road.requests > 2
    assert world.balance() == (95, 0)


def test_what_helps_no_more_is_raised(road, demo, world):
    world.limit_calls(1, seconds=1)
    retry = Retry(retries=0)
    with Client(road.url, demo["service_key"], retry=retry, lists=True) as client:
        road.keep_answers()
        asked = [aside(client.debit, world.customer, amount=1) for _ in range(3)]
        soon(lambda: road.requests >= 2)
        road.let_answers_go()
        outcomes = [each.exception(20) for each in asked]
    assert {type(each) for each in outcomes} == {type(None), RateLimited}


BAD = pytest.mark.parametrize(
    "terms",
    [{"metadata": {"a": object()}}, {"quantity": Decimal(3)}, {"metadata": {"a": "\ud800"}}],
)


@BAD
def test_what_cannot_be_sent_is_its_callers_alone(road, demo, world, terms):
    with Client(road.url, demo["service_key"], retry=PATIENT, lists=True) as client:
        road.keep_answers()
        good = [aside(client.debit, world.customer, amount=1) for _ in range(4)]
        bad = aside(client.debit, world.customer, amount=1, **terms)
        soon(lambda: road.requests >= 2)
        assert isinstance(bad.exception(20), TypeError | ValueError)
        road.let_answers_go()
        assert [each.result(20).committed for each in good] == [1] * 4


@BAD
def test_so_it_is_among_tasks(road, demo, world, terms):
    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=PATIENT, lists=True) as client:
            good = [client.debit(world.customer, amount=1) for _ in range(4)]
            bad = client.debit(world.customer, amount=1, **terms)
            return await asyncio.gather(bad, *good, return_exceptions=True)

    bad, *good = asyncio.run(main())
    assert isinstance(bad, TypeError | ValueError)
    assert [each.committed for each in good] == [1] * 4


def test_lists_are_no_longer_than_the_service_takes(road, demo, world, monkeypatch):
    for module in ("lists", "aiolists"):
        monkeypatch.setattr(f"drawdown.{module}.LIST_BYTES", 5_000)
    terms = {"amount": 1, "metadata": {"text": "я" * 900}}

    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=PATIENT, lists=True) as client:
            return await asyncio.gather(*(client.debit(world.customer, **terms) for _ in range(9)))

    assert [each.committed for each in asyncio.run(main())] == [1] * 9
    assert road.requests >= 5
    with Client(road.url, demo["service_key"], retry=PATIENT, lists=True) as client:
        road.keep_answers()
        asked = [aside(client.debit, world.customer, **terms) for _ in range(9)]
        soon(lambda: road.requests >= 7)
        road.let_answers_go()
        assert [each.result(20).committed for each in asked] == [1] * 9
    assert road.requests >= 9


def test_threads_go_on_however_often_one_is_broken_off():
    """At moments by chance, such as within what it waits with. Nothing is sent here: what sends
    may have locks of its own."""

    def break_off(*_):
        raise BrokenOffError

    def spend():
        done = 0
        while monotonic() < ends_at:
            assert lists.operate(debit) == "done"
            done += 1
        return done

    def many(items):
        sleep(0.001)
        return ["done"] * len(items)

    lists = Lists(lambda *_: many([None])[0], many, Retry(deadline=20))
    debit, chance = operations.debit("cus_1", None, amount=1), Random(7)
    ends_at = monotonic() + 4
    others = [aside(spend) for _ in range(3)]
    before = signal.signal(signal.SIGALRM, break_off)
    try:
        while monotonic() < ends_at:
            with suppress(BrokenOffError):
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 0.005))
                while True:
                    lists.operate(debit)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(each.result(30) > 10 for each in others)
    assert aside(lists.operate, debit).result(30) == "done"


def test_a_call_that_goes_on_elsewhere_has_what_is_left_of_its_time():
    tries = Tries(Retry(retries=2, deadline=5.0))
    tries.pause(RateLimited(429, {"type": "/problems/rate-limited", "retry_after": 1}))
    rest = tries.rest()
    assert rest.retries == 1
    assert rest.deadline <= 5


def test_other_answers_are_none_of_drawdown():
    debit = operations.debit("cus_1", None, amount=1)
    made = [debit.item()]
    for content in (b"{}", b"[]", b'{"results": []}', b'{"results": [{"status": 201}]}'):
        flow = flows.operate_list(made, DEFAULT)
        next(flow)
        with pytest.raises(Unreachable, match="no answer of Drawdown"):
            flow.send(Answer(200, {}, content))
    flow = flows.operate(debit, DEFAULT)
    next(flow)
    with pytest.raises(Unreachable, match="no answer of Drawdown"):
        flow.send(Answer(200, {}, b'{"ok": true}'))
