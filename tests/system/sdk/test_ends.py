"""Every hold ends when its work does, also where answers are lost or nobody waits for them."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest

from drawdown import AsyncClient, Client, Retry, Unreachable, operations, uuid7
from drawdown.problems import AmountExceedsReservation
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.world import soon

ONCE = Retry(retries=0, deadline=20)


def statuses(world):
    return [each["status"] for each in world.reservations()]


def lose_reserve(client, road, world, **terms):
    road.lose_answers(1)
    with pytest.raises(Unreachable), client.reserve(world.customer, amount=4, **terms):
        pass
    assert world.balance() == (96, 4)


async def lose_reserve_async(client, road, world):
    road.lose_answers(1)
    with pytest.raises(Unreachable):
        async with client.reserve(world.customer, amount=4):
            pass
    assert world.balance() == (96, 4)


def test_what_was_held_without_an_answer_is_released_aside(road, demo, world):
    with Client(road.url, demo["service_key"], retry=ONCE) as client:
        lose_reserve(client, road, world)
        road.lose_answers(1)
        soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@pytest.mark.parametrize("lists", [False, True])
def test_or_when_the_client_is_closed(road, demo, world, lists):
    with Client(road.url, demo["service_key"], retry=ONCE, lists=lists) as client:
        lose_reserve(client, road, world)
    assert world.balance() == (100, 0)


def test_however_many_they_are(road, demo, world, monkeypatch):
    monkeypatch.setattr("drawdown.unwanted.LIST_MAX", 2)
    with Client(road.url, demo["service_key"], retry=ONCE) as client:
        made = [operations.reserve(world.customer, None, amount=4) for _ in range(7)]
        client.operate_list(made)
        for each in made:
            client._unwanted.put(each)
    assert world.balance() == (100, 0)


def test_under_a_key_of_ones_own_it_is_ones_own(road, demo, world):
    with Client(road.url, demo["service_key"], retry=ONCE) as client:
        key = str(uuid7())
        lose_reserve(client, road, world, key=key)
        with client.reserve(world.customer, amount=4, key=key):
            pass
    assert statuses(world) == ["committed"]


def test_a_release_without_an_answer_is_done_aside(road, demo, world):
    with Client(road.url, demo["service_key"], retry=ONCE) as client:
        with suppress(ZeroDivisionError), client.reserve(world.customer, amount=4):
            road.close()
            raise ZeroDivisionError
        assert world.balance() == (96, 4)
        road.open()
        soon(lambda: statuses(world) == ["released"])


def test_tasks_have_the_same(road, demo, world):
    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=ONCE) as client:
            await lose_reserve_async(client, road, world)
            await asyncio.to_thread(soon, lambda: statuses(world) == ["released"])
            await lose_reserve_async(client, road, world)

    asyncio.run(main())
    assert world.balance() == (100, 0)


def test_a_task_ends_with_its_hold(road, demo, world):
    """The event loop may be over when it is."""

    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=PATIENT) as client:
            with suppress(ZeroDivisionError):
                async with client.reserve(world.customer, amount=1):
                    raise ZeroDivisionError
            assert world.balance() == (100, 0)
            task = asyncio.create_task(work(client))
            while not statuses(world)[1:]:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert world.balance() == (100, 0)

    async def work(client):
        async with client.reserve(world.customer, amount=1):
            await asyncio.sleep(60)

    asyncio.run(main())


def test_a_task_that_is_cancelled_while_it_reserves_ends_with_its_hold(road, demo, world):
    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=PATIENT) as client:
            road.keep_answers()
            task = asyncio.create_task(work(client))
            while not statuses(world):
                await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.sleep(0.05)
            road.let_answers_go()
            with suppress(asyncio.CancelledError):
                await task
            assert world.balance() == (100, 0)

    async def work(client):
        async with client.reserve(world.customer, amount=4):
            raise AssertionError("It was cancelled before.")

    asyncio.run(main())


def test_a_hold_whose_commit_is_refused_is_released(credits, world):
    with (
        pytest.raises(AmountExceedsReservation),
        credits.reserve(world.customer, amount=4) as hold,
    ):
        hold.use(amount=9)
    assert statuses(world) == ["released"]
    assert world.balance() == (100, 0)


def test_so_it_is_for_tasks(road, demo, world):
    async def main():
        async with AsyncClient(road.url, demo["service_key"], retry=PATIENT) as client:
            with pytest.raises(AmountExceedsReservation):
                async with client.reserve(world.customer, amount=4) as hold:
                    hold.use(amount=9)

    asyncio.run(main())
    assert statuses(world) == ["released"]


@pytest.mark.parametrize(
    "used", [{"amount": 1.5}, {"amount": True}, {"quantity": {"tokens": Decimal(3)}}]
)
def test_what_no_commit_can_say_is_refused_at_once(credits, world, used):
    with pytest.raises(TypeError), credits.reserve(world.customer, amount=4) as hold:
        hold.use(**used)
    assert statuses(world) == ["released"]
