"""When something answers and Drawdown is away all the same; and what it refuses is no absence."""

import asyncio
from decimal import Decimal
from time import sleep

import pytest

from drawdown import AsyncClient, Client, Journal, Open, Problem, Retry
from drawdown.problems import InsufficientCredits
from tests.system.sdk.standing_in import standing_in
from tests.system.sdk.test_offline import journal, policy, work
from tests.system.sdk.world import ENDPOINT, soon

__all__ = ["journal", "policy"]

# Whatever is asked here is answered, or thrown off.
ONCE = Retry(deadline=30, retries=0)

UNAVAILABLE = (503, b'{"type": "/problems/unavailable", "status": 503}')
BAD_GATEWAY = (502, b"<html>Bad Gateway</html>")
UNAUTHORIZED = (401, b'{"type": "/problems/unauthorized", "status": 401}')
NO_BACKEND = (404, b"<html>default backend</html>")


@pytest.fixture
def open_(road, demo, policy):
    with Client(road.url, demo["service_key"], retry=ONCE, offline=policy) as client:
        yield client


@pytest.mark.parametrize("answer", [UNAVAILABLE, BAD_GATEWAY])
def test_a_server_that_fails_is_away(open_, road, world, journal, answer):
    price = world.api.debit(world.customer, ENDPOINT).committed
    with standing_in(*answer) as url:
        with open_.reserve(world.customer, ENDPOINT):
            road.lead_to(url)
        assert work(open_, world.customer).offline
        assert len(journal.late_commits()) == len(journal.waiting()) == 1
        road.open()
        soon(lambda: not journal.late_commits() and not journal.waiting())
    assert world.balance() == (100 - 3 * price, 0)


def test_so_it_is_for_asyncio(road, demo, world, policy, journal):
    async def main(url):
        client = AsyncClient(road.url, demo["service_key"], retry=ONCE, offline=policy)
        async with client as credits:
            async with credits.reserve(world.customer, ENDPOINT):
                road.lead_to(url)
            async with credits.reserve(world.customer, ENDPOINT) as hold:
                assert hold.offline
            assert len(journal.late_commits()) == len(journal.waiting()) == 1

    with standing_in(*UNAVAILABLE) as url:
        asyncio.run(main(url))


def test_without_a_policy_it_is_raised_as_it_is(road, demo, world):
    with (
        standing_in(*BAD_GATEWAY) as url,
        Client(road.url, demo["service_key"], retry=ONCE) as client,
    ):
        road.lead_to(url)
        with pytest.raises(Problem) as raised:
            work(client, world.customer)
        assert raised.value.status == 502


@pytest.mark.parametrize("answer", [UNAUTHORIZED, NO_BACKEND])
def test_what_says_nothing_of_a_commit_does_not_end_it(open_, road, world, journal, answer):
    with standing_in(*answer) as url:
        with open_.reserve(world.customer, ENDPOINT, amount=4):
            road.close()
        road.lead_to(url)
        with pytest.raises(Problem):
            open_.post_journal()
        assert len(journal.late_commits()) == 1 and journal.rejected_commits() == []
        road.open()
        soon(lambda: not journal.late_commits())
    assert world.balance() == (96, 0)


def test_work_that_outlasts_its_hold_is_reported(open_, world, journal, fragile):
    """By what was held, where it says nothing else."""
    with open_.reserve(world.customer, ENDPOINT, amount=7, metadata={"job": "1"}) as hold:
        fragile.shift_clock("1 hour")
        soon(lambda: world.api.reservation(hold.id).status == "expired")
    soon(lambda: not journal.late_commits() and not journal.waiting())
    assert world.balance() == (93, 0)
    (told,) = (each for each in world.calls() if each.get("reported"))
    assert told["metadata"] == {"job": "1", "drawdown_offline": "true"}


def test_what_no_event_can_tell_stays_for_somebody_to_look_at(open_, world, journal, fragile):
    """One of no endpoint."""
    with open_.reserve(world.customer, amount=7) as hold:
        fragile.shift_clock("1 hour")
        soon(lambda: world.api.reservation(hold.id).status == "expired")
    soon(lambda: journal.rejected_commits())
    (late,) = journal.rejected_commits()
    assert late.reservation == hold.id and late.event["data"]["amount"] == "7"
    assert late.problem["type"].endswith("reservation-expired")


def test_an_answer_that_settles_nothing_stops_no_poster(open_, road, world, journal, tmp_path):
    other = Journal(tmp_path / "journal.sqlite")
    road.close()
    work(open_, world.customer)
    with standing_in(202, b'{"results": []}') as url:
        road.lead_to(url)
        with pytest.raises(ValueError):
            open_.post_journal()
        sleep(1.5)  # its own thread has that answer, too
        journal.write(customer=world.customer, endpoint=ENDPOINT, credits=Decimal(4), data={})
        assert len(other.waiting()) == 2
    other.close()
    road.open()
    soon(lambda: not journal.waiting())


def test_a_refusal_ends_an_absence(road, demo, world, journal):
    """The seconds of the next one are counted from its own beginning."""
    policy = Open(journal, costs={ENDPOINT: Decimal(1)}, credits=Decimal(100), seconds=5)
    with Client(road.url, demo["service_key"], retry=ONCE, offline=policy) as client:
        road.close()
        with pytest.raises(ZeroDivisionError), client.reserve(world.customer, ENDPOINT):
            raise ZeroDivisionError
        road.open()
        with pytest.raises(InsufficientCredits), client.reserve(world.customer, amount=1000):
            pass
        sleep(5)
        road.close()
        work(client, world.customer)
