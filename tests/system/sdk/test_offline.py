"""When Drawdown is away: nothing is sold, or so much, which is charged afterwards exactly once."""

import asyncio
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import drawdown
from drawdown import AsyncClient, Client, Journal, Open, OverBound, Retry, Unreachable
from drawdown.problems import InsufficientCredits
from tests.system.sdk.world import ENDPOINT, soon

QUICK = Retry(deadline=0.3, retries=0)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


@pytest.fixture
def policy(journal):
    return Open(journal, costs={ENDPOINT: Decimal(4)}, credits=Decimal(12), seconds=60)


@pytest.fixture
def open_(road, demo, policy):
    with Client(road.url, demo["service_key"], retry=QUICK, offline=policy) as client:
        yield client


def work(credits, customer):
    with credits.reserve(customer, ENDPOINT) as hold:
        hold.use(outcome="success")
    return hold


def committed(world):
    """What a reserve without an answer may have held is asked for again, and released."""
    return [each for each in world.calls() if each["status"] == "committed"]


def test_closed_is_the_way_without_a_policy(road, demo, world):
    with Client(road.url, demo["service_key"], retry=QUICK) as client:
        road.close()
        with pytest.raises(Unreachable):
            work(client, world.customer)


def test_open_within_a_bound_and_charged_afterwards_once(open_, road, world, journal):
    price = world.api.debit(world.customer, ENDPOINT).committed
    before = world.balance()[0]
    road.close()
    for _ in range(3):
        assert work(open_, world.customer).offline.customer == world.customer
    with pytest.raises(OverBound, match="12 credits"):
        work(open_, world.customer)
    assert len(journal.waiting()) == 3
    road.open()
    soon(lambda: not journal.waiting())
    soon(lambda: world.balance() == (before - 3 * price, 0))
    told = [each for each in world.calls() if each.get("reported")]
    assert [each["metadata"] for each in told] == [{"drawdown_offline": "true"}] * 3


def test_an_answer_that_is_lost_charges_nothing_twice(open_, road, world, journal):
    road.close()
    work(open_, world.customer)
    road.lose_answers(2)
    road.open()
    soon(lambda: not journal.waiting())
    assert len(committed(world)) == 1


def test_a_call_that_fails_meanwhile_costs_nothing(open_, road, world, journal):
    road.close()
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), open_.reserve(world.customer, ENDPOINT):
            raise ZeroDivisionError
    assert journal.waiting() == []


def test_other_endpoints_stay_closed(open_, road, world):
    road.close()
    with pytest.raises(Unreachable), open_.reserve(world.customer, "classify"):
        pass


def test_a_refusal_is_no_absence(open_, world, journal):
    with pytest.raises(InsufficientCredits), open_.reserve(world.customer, ENDPOINT, amount=1000):
        pass
    assert journal.waiting() == []


def test_only_for_so_long(road, demo, world, journal):
    policy = Open(journal, costs={ENDPOINT: Decimal(1)}, credits=Decimal(100), seconds=0.5)
    with Client(road.url, demo["service_key"], retry=QUICK, offline=policy) as client:
        road.close()
        work(client, world.customer)

        def is_over():
            try:
                work(client, world.customer)
            except OverBound:
                return True

        soon(is_over)


def test_a_key_is_known_that_was_seen_before(open_, road, world, journal):
    key, unknown = world.new_key(), world.new_key()
    with open_.reserve(api_key=key, endpoint=ENDPOINT):
        pass
    road.close()
    with open_.reserve(api_key=key, endpoint=ENDPOINT) as hold:
        assert hold.customer == world.customer
    with pytest.raises(Unreachable), open_.reserve(api_key=unknown, endpoint=ENDPOINT):
        pass


def test_a_commit_without_an_answer_is_sent_until_it_has_one(open_, road, world, journal):
    with open_.reserve(world.customer, ENDPOINT, amount=4):
        road.close()
    assert len(journal.late_commits()) == 1
    assert world.balance() == (96, 4)
    road.open()
    soon(lambda: not journal.late_commits())
    assert world.balance() == (96, 0)


def test_where_its_hold_expired_meanwhile_it_is_reported(open_, road, world, journal, fragile):
    price = world.api.debit(world.customer, ENDPOINT).committed
    with open_.reserve(world.customer, ENDPOINT) as hold:
        road.close()
    made = hold.reservation.id
    fragile.shift_clock("1 hour")
    soon(lambda: world.api.reservation(made).status == "expired")
    road.open()
    soon(lambda: not journal.late_commits() and not journal.waiting())
    assert world.balance() == (100 - 2 * price, 0)


def test_what_is_rejected_stays_for_somebody_to_look_at(open_, road, world, journal):
    journal.write(customer="cus_nobody", endpoint=ENDPOINT, credits=Decimal(1), data={})
    soon(lambda: journal.rejected())
    (entry,) = journal.rejected()
    assert entry.problem["type"].endswith("not-found")
    journal.forget(entry.id)
    assert journal.rejected() == []


def test_a_killed_process_loses_nothing_that_it_journaled(tmp_path, open_, world, journal):
    script = """
import os, signal, sys
from decimal import Decimal
from drawdown import Journal
journal = Journal(sys.argv[1])
for _ in range(5):
    journal.write(customer=sys.argv[2], endpoint="summarize", credits=Decimal(1), data={})
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = str(tmp_path / "journal.sqlite")
    killed = subprocess.run(
        [sys.executable, "-c", script, path, world.customer],
        env={"PYTHONPATH": str(Path(drawdown.__file__).parents[1])},
    )
    assert killed.returncode < 0
    soon(lambda: len(world.calls()) == 5)
    soon(lambda: not journal.waiting())


def test_asyncio_has_the_same(road, demo, world, policy, journal):
    async def main():
        client = AsyncClient(road.url, demo["service_key"], retry=QUICK, offline=policy)
        async with client as credits:
            road.close()
            async with credits.reserve(world.customer, ENDPOINT):
                pass
            assert len(journal.waiting()) == 1
            road.open()
            async with asyncio.timeout(10):
                while journal.waiting():
                    await asyncio.sleep(0.05)

    asyncio.run(main())
    assert len(committed(world)) == 1
