"""Holders of leases by chance: requests and answers are lost, holders are killed, clocks jump. Each
call that was sold is charged once or refused by name, and nothing is ever overdrawn."""

from pathlib import Path
from random import Random

import httpx
import pytest

from drawdown import (
    Client,
    Leases,
    PaymentRequired,
    Retry,
    Size,
    Unreachable,
    block,
    holder,
    leasing,
)
from drawdown.lease_clock import clock as real_clock
from ledger.checks import verify
from ledger.models import RefusedEvent, Reservation
from tests.factories.ledger import Clock
from tests.ledger.fastpath.shop import available, fund, funded, name

ENDPOINTS = {"classify": 1, "summarize": 4}
BY_HAND = Size(seconds=60, every=3600, calls=10)


class Lossy(httpx.BaseTransport):
    """A road on which some of what is sent, and some of what is answered, is lost."""

    def __init__(self, random: Random) -> None:
        self.lost = 0.0
        self._random = random
        self._road = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._random.random() < self.lost:
            raise httpx.ConnectError("lost on the way there")
        answer = self._road.handle_request(request)
        if self._random.random() < self.lost:
            answer.close()
            raise httpx.ReadError("lost on the way back")
        return answer

    def close(self) -> None:
        self._road.close()


class Holder:
    """A process, as it were, which can be killed."""

    def __init__(self, shop, road: Lossy, folder: Path) -> None:
        self.client = Client(
            shop.base_url,
            shop.secret,
            retry=Retry(retries=0, deadline=30),
            http=httpx.Client(transport=road),
        )
        self.leases = Leases(self.client, size=BY_HAND, folder=folder)

    def kill(self) -> None:
        """Nothing is settled or given back; its files are closed, as the system does it."""
        self.leases._closed.set()
        self.leases._worker.join()
        self.leases._holder.close()


class World:
    def __init__(self, shop, folder: Path, monkeypatch, seed: int) -> None:
        self.random = Random(seed)
        self.shop, self.folder = shop, folder
        self.road = Lossy(self.random)
        self.ledgers_clock = Clock()
        self.slept = 0.0
        for module in (block, holder, leasing):
            monkeypatch.setattr(module, "clock", lambda: real_clock() + self.slept)
        self.customer = funded(300)
        self.granted = 300
        self.sold = dict.fromkeys(ENDPOINTS, 0)
        self.unknown = 0  # asked for alone, and no answer came
        self.holders = [Holder(shop, self.road, folder / str(n)) for n in range(2)]

    def step(self) -> None:
        acts = [self.sell] * 10 + [self.settle] * 3 + [self.kill, self.wait, self.work, self.grant]
        self.random.choice(acts)()

    def sell(self) -> None:
        endpoint = self.random.choice(list(ENDPOINTS))
        for _ in range(self.random.randint(1, 6)):
            try:
                self.holder().leases.spend(name(self.customer), endpoint)
            except Unreachable:
                self.unknown += 1
                return
            except PaymentRequired:
                return
            self.sold[endpoint] += 1

    def work(self) -> None:
        """Which fails at times."""
        failed = self.random.random() < 0.5
        try:
            with self.holder().leases.reserve(name(self.customer), "summarize"):
                if failed:
                    raise ZeroDivisionError
        except (PaymentRequired, ZeroDivisionError):
            return
        except Unreachable:
            self.unknown += 1
            return
        self.sold["summarize"] += 1

    def settle(self) -> None:
        self.holder().leases.settle()

    def kill(self) -> None:
        number = self.random.randrange(len(self.holders))
        self.holders[number].kill()
        self.holders[number] = Holder(self.shop, self.road, self.folder / str(number))
        self.holders[number].leases.recover()

    def wait(self) -> None:
        """For all; at times somebody's machine sleeps, or its clock is set."""
        seconds = self.random.choice([5, 20, 45, 200])
        who = self.random.choice(["all", "all", "all", "holders", "service"])
        if who != "service":
            self.slept += seconds
        if who != "holders":
            self.ledgers_clock.forward(seconds)

    def grant(self) -> None:
        fund(self.customer, 50)
        self.granted += 50

    def holder(self) -> Holder:
        return self.random.choice(self.holders)

    def end(self) -> None:
        self.road.lost = 0.0
        for one in self.holders:
            one.leases.recover()
            one.leases.close()
            one.client.close()


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.reset()


def charged(customer) -> dict[str, int]:
    found = dict.fromkeys(ENDPOINTS, 0)
    for call in Reservation.objects.filter(customer=customer, state="committed"):
        per_call = call.committed // call.calls // 1_000_000
        found[next(code for code, cost in ENDPOINTS.items() if cost == per_call)] += call.calls
    return found


def live(shop, folder, monkeypatch, seed, steps=60):
    world = World(shop, folder, monkeypatch, seed)
    for number in range(steps):
        world.road.lost = 0.3 if world.random.random() < 0.5 else 0.0
        world.step()
        assert available(world.customer) >= 0, (seed, number)
    world.end()
    refused = dict.fromkeys(ENDPOINTS, 0)
    for event in RefusedEvent.objects.filter(customer=world.customer):
        refused[event.event["type"]] += event.event["data"].get("calls", 1)
    told = charged(world.customer)
    calls = sum(told.values()) + sum(refused.values())
    assert sum(world.sold.values()) <= calls <= sum(world.sold.values()) + world.unknown, seed
    return world


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140))
def test_for_long(shop, tmp_path, monkeypatch, clock, seed):
    world = live(shop, tmp_path, monkeypatch, seed, steps=200)
    assert not [one for one in verify([world.customer.id]) if one.broken]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_each_call_is_charged_once(shop, tmp_path, monkeypatch, clock, seed):
    world = live(shop, tmp_path, monkeypatch, seed)
    assert not [one for one in verify([world.customer.id]) if one.broken]
