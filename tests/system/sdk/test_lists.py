"""Calls of several threads or tasks in lists: one that hangs or is broken off is no other's."""

import asyncio
import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from time import monotonic

import pytest

from drawdown import AsyncClient, Client, Retry, Unreachable, flows, operations
from drawdown.problems import RateLimited
from drawdown.retrying import DEFAULT
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


def test_other_answers_are_none_of_drawdown():
    made = [operations.debit("cus_1", None, amount=1)]
    for content in (b"{}", b"[]", b'{"results": []}', b'{"results": [{"status": 201}]}'):
        flow = flows.operate_list(made, DEFAULT)
        next(flow)
        with pytest.raises(Unreachable, match="no answer of Drawdown"):
            flow.send(Answer(200, {}, content))
    flow = flows.operate(made[0], DEFAULT)
    next(flow)
    with pytest.raises(Unreachable, match="no answer of Drawdown"):
        flow.send(Answer(200, {}, b'{"ok": true}'))
