"""Leases of the client for asyncio, with a real service. What both kinds share is tried with
threads."""

import asyncio
from contextlib import suppress

import pytest

from drawdown import AsyncClient, AsyncLeases, PaymentRequired, Size, Unreachable
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.test_leases import SLOWLY, cost, counted
from tests.system.sdk.world import ENDPOINT

__all__ = ["cost"]


def run(main, url, demo):
    async def within():
        async with AsyncClient(url, demo["service_key"], retry=PATIENT) as client:
            return await main(client)

    return asyncio.run(within())


def test_many_tasks_sell_all_of_a_balance_and_no_more(road, demo, world, cost):
    async def sell(leases, sold):
        with suppress(PaymentRequired):
            while True:
                await leases.spend(world.customer, ENDPOINT)
                sold.append(1)
                await asyncio.sleep(0)

    async def main(client):
        sold = []
        async with AsyncLeases(client, size=Size(every=0.05)) as leases:
            await asyncio.gather(*(sell(leases, sold) for _ in range(20)))
        return len(sold)

    sold = run(main, road.url, demo)
    assert world.balance() == (100 - sold * cost, 0)
    assert sold == counted(world) == 100 // cost


def test_a_block_is_spent_without_asking(road, demo, world, cost):
    async def main(client):
        async with AsyncLeases(client, size=SLOWLY) as leases:
            await leases.spend(world.customer, ENDPOINT)
            asked = road.requests
            for _ in range(9):
                await leases.spend(world.customer, ENDPOINT)
            return road.requests - asked

    assert run(main, road.url, demo) == 0
    assert world.balance() == (100 - 10 * cost, 0)


def test_work_that_fails_or_is_cancelled_costs_nothing(road, demo, world, cost):
    async def work(leases, seconds):
        async with leases.reserve(world.customer, ENDPOINT):
            await asyncio.sleep(seconds)

    async def main(client):
        async with AsyncLeases(client, size=SLOWLY) as leases:
            await work(leases, 0)
            task = asyncio.create_task(work(leases, 60))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main, road.url, demo)
    assert world.balance() == (100 - cost, 0)


def test_who_is_cancelled_while_a_lease_is_taken_leaves_it_to_others(road, demo, world, cost):
    async def main(client):
        async with AsyncLeases(client, size=SLOWLY) as leases:
            first = asyncio.create_task(leases.spend(world.customer, ENDPOINT))
            await asyncio.sleep(0.005)
            first.cancel()
            with suppress(asyncio.CancelledError):
                await first
            await leases.spend(world.customer, ENDPOINT)

    run(main, road.url, demo)
    assert world.balance() in {(100 - cost, 0), (100 - 2 * cost, 0)}


def test_while_the_service_is_away_a_block_is_spent(road, demo, world, cost):
    async def main(client):
        async with AsyncLeases(client, size=Size(every=0.1, calls=5)) as leases:
            await leases.spend(world.customer, ENDPOINT)
            road.close()
            spent = 1
            with pytest.raises(Unreachable):
                while spent < 100:
                    await leases.spend(world.customer, ENDPOINT)
                    spent += 1
            road.open()
        return spent

    async def hasty():
        async with AsyncClient(road.url, demo["service_key"]) as client:
            return await main(client)

    spent = asyncio.run(hasty())
    assert spent >= 5
    assert world.balance() == (100 - spent * cost, 0)


def test_closing_waits_for_nobody_for_long_and_is_done_once(road, demo, world, cost, tmp_path):
    async def main(client):
        leases = AsyncLeases(client, size=SLOWLY, folder=tmp_path)
        await leases.spend(world.customer, ENDPOINT)
        road.is_silent = True
        async with asyncio.timeout(20):
            await leases.aclose(timeout=1)
        road.is_silent = False
        await leases.aclose()
        async with AsyncLeases(client, size=SLOWLY, folder=tmp_path) as following:
            await following.recover()

    run(main, road.url, demo)
    assert world.balance() == (100 - cost, 0) and counted(world) == 1
