"""The client for asyncio, over HTTP, with a real service."""

import asyncio
from datetime import timedelta

import pytest

from drawdown import AsyncClient, Retry, Unreachable
from drawdown.problems import InsufficientCredits
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.world import ENDPOINT


def with_client(road, demo, retry=PATIENT, **options):
    return AsyncClient(road.url, demo["service_key"], retry=retry, **options)


def test_a_block_is_held_and_committed(road, demo, world):
    async def main():
        async with with_client(road, demo) as credits:
            async with credits.reserve(world.customer, amount=4) as hold:
                assert (await credits.balance(world.customer)).held == 4
            return hold.settled.committed

    assert asyncio.run(main()) == 4
    assert world.balance() == (96, 0)


def test_a_block_that_raises_is_released(road, demo, world):
    async def main():
        async with with_client(road, demo) as credits:
            with pytest.raises(ZeroDivisionError):
                async with credits.reserve(world.customer, amount=4):
                    raise ZeroDivisionError

    asyncio.run(main())
    assert world.balance() == (100, 0)


@pytest.mark.parametrize("lists", [False, True])
def test_who_is_cancelled_holds_nothing(road, demo, world, lists):
    """At any moment: while it is reserved, while it works, while it is committed."""

    async def main():
        async with with_client(road, demo, lists=lists) as credits:
            tasks = [asyncio.create_task(work(credits)) for _ in range(30)]
            for number, task in enumerate(tasks):
                await asyncio.sleep(0.002 * (number % 4))
                task.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    async def work(credits):
        async with credits.reserve(world.customer, amount=1):
            await asyncio.sleep(0.005)

    ended = asyncio.run(main())
    assert any(isinstance(each, asyncio.CancelledError) for each in ended)
    available, held = world.balance()
    committed = sum(each["status"] == "committed" for each in world.reservations())
    assert (available, held) == (100 - committed, 0)


def test_work_that_lasts_is_extended(road, demo, world):
    async def main():
        async with with_client(road, demo) as credits:
            length = timedelta(seconds=2)
            async with credits.reserve(world.customer, amount=4, expires_in=length) as hold:
                first = hold.reservation.expires_at
                async with asyncio.timeout(10):
                    while hold.reservation.expires_at <= first + length:
                        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert world.balance() == (96, 0)


def test_concurrent_calls_go_in_lists(road, demo, world):
    async def main():
        async with with_client(road, demo, lists=True) as credits:
            calls = [credits.debit(world.customer, amount=1) for _ in range(300)]
            return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(main())
    refused = [each for each in results if isinstance(each, InsufficientCredits)]
    assert (len(results), len(refused)) == (300, 200)
    assert road.requests == 2, "one alone, and the rest that came meanwhile in one list"
    assert world.balance() == (0, 0)


def test_a_list_that_is_lost_is_sent_again_and_done_once(road, demo, world):
    async def main():
        async with with_client(road, demo, lists=True) as credits:
            road.lose_answers(2)
            return await asyncio.gather(
                *(credits.debit(world.customer, amount=1) for _ in range(50))
            )

    assert {each.committed for each in asyncio.run(main())} == {1}
    assert world.balance() == (50, 0)


def test_away_is_said_to_each(road, demo, world):
    async def main():
        async with with_client(road, demo, lists=True, retry=Retry(deadline=0.3)) as credits:
            road.close()
            calls = [credits.debit(world.customer, amount=1) for _ in range(5)]
            return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(each) for each in asyncio.run(main())} == {Unreachable}


def test_a_decorator_charges_each_call(road, demo, world):
    async def main():
        async with with_client(road, demo) as credits:

            @credits.charged(ENDPOINT, customer=lambda who: who)
            async def summarize(who):
                return "short"

            return await summarize(world.customer)

    assert asyncio.run(main()) == "short"
    assert [each["status"] for each in world.reservations()] == ["committed"]
