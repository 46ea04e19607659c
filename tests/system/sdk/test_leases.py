"""Leases of the client, with a real service behind a road that can be closed."""

import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from textwrap import dedent
from time import monotonic

import httpx
import pytest

from drawdown import Client, Leases, PaymentRequired, Retry, Size, Unreachable, uuid7
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.world import ENDPOINT, World, soon

SLOWLY = Size(every=3600)


@pytest.fixture
def cost(world):
    body = {"calls": [{"endpoint": ENDPOINT}], "customer": world.customer}
    return Decimal(world.api.post("/v1/estimate", body)["amount"])


def counted(world):
    return sum(call["calls"] for call in world.calls())


def test_calls_are_paid_from_a_block_and_told_of_together(credits, road, world, cost):
    with Leases(credits, size=SLOWLY) as leases:
        leases.spend(world.customer, ENDPOINT)
        asked = road.requests
        for _ in range(9):
            leases.spend(world.customer, ENDPOINT)
        assert road.requests == asked
        assert world.balance()[1] > 0
    assert world.balance() == (100 - 10 * cost, 0)
    assert counted(world) == 10


def test_what_was_spent_is_settled_by_itself(credits, world, cost):
    with Leases(credits, size=Size(every=0.1)) as leases:
        leases.spend(world.customer, ENDPOINT)
        soon(lambda: sum(world.balance()) == 100 - cost)
        soon(lambda: world.balance() == (100 - cost, 0), 20)


def test_all_of_a_balance_is_sold_and_no_more(credits, world, cost):
    sold = int(100 // cost)
    with Leases(credits, size=Size(every=0.05)) as leases:
        for _ in range(sold):
            leases.spend(world.customer, ENDPOINT)
        with pytest.raises(PaymentRequired) as refused:
            leases.spend(world.customer, ENDPOINT)
        assert refused.value.type == "insufficient-credits"
    assert world.balance() == (100 - sold * cost, 0)


def test_many_threads_and_several_holders_sell_it_once(demo, credits, world, cost):
    sold = []

    def sell(leases):
        try:
            while True:
                leases.spend(world.customer, ENDPOINT)
                sold.append(1)
        except PaymentRequired:
            pass

    with (
        Client(demo["base_url"], demo["service_key"], retry=PATIENT) as other,
        Leases(credits, size=Size(every=0.05)) as one,
        Leases(other, size=Size(every=0.07)) as two,
    ):
        threads = [threading.Thread(target=sell, args=[each]) for each in (one, two) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    available, held = world.balance()
    assert (available, held) == (100 - len(sold) * cost, 0)
    assert available >= 0 and len(sold) == counted(world)


def test_failed_work_costs_nothing(credits, world, cost):
    with Leases(credits, size=SLOWLY) as leases:
        with leases.reserve(world.customer, ENDPOINT):
            pass
        with pytest.raises(ZeroDivisionError), leases.reserve(world.customer, ENDPOINT):
            raise ZeroDivisionError
    assert world.balance() == (100 - cost, 0)


def test_while_the_service_is_away_a_block_is_spent_and_settled_later(road, demo, world, cost):
    hasty = Retry(retries=0, deadline=1)
    with (
        Client(road.url, demo["service_key"], retry=hasty) as client,
        Leases(client, size=Size(every=0.1, calls=5)) as leases,
    ):
        leases.spend(world.customer, ENDPOINT)
        road.close()
        spent = 1
        with pytest.raises(Unreachable):
            while spent < 100:
                leases.spend(world.customer, ENDPOINT)
                spent += 1
        assert spent >= 5
        road.open()
        soon(lambda: sum(world.balance()) == 100 - spent * cost, 20)
    assert world.balance() == (100 - spent * cost, 0)


def test_a_settlement_whose_answer_is_lost_is_done_once(road, credits, world, cost):
    with Leases(credits, size=SLOWLY) as leases:
        leases.spend(world.customer, ENDPOINT)
        road.lose_answers(1)
        leases.settle()
        leases.spend(world.customer, ENDPOINT)
    assert world.balance() == (100 - 2 * cost, 0) and counted(world) == 2


class Lossy(httpx.BaseTransport):
    """What is asked is done. Nobody hears of the first leases that were granted."""

    def __init__(self, lost: int) -> None:
        self._lost = lost
        self._road = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._road.handle_request(request)
        if request.url.path != "/v1/leases" or not self._lost:
            return answer
        self._lost -= 1
        answer.close()
        raise httpx.ReadTimeout("No answer.", request=request)

    def close(self) -> None:
        self._road.close()


def test_a_lease_whose_answer_is_lost_is_held_once(demo, world, cost):
    with (
        httpx.Client(transport=Lossy(3)) as http,
        Client(demo["base_url"], demo["service_key"], http=http, retry=Retry(retries=0)) as credits,
        Leases(credits, size=SLOWLY) as leases,
    ):
        for _ in range(3):
            with pytest.raises(Unreachable):
                leases.spend(world.customer, ENDPOINT)
        held = world.balance()[1]
        leases.spend(world.customer, ENDPOINT)
        assert world.balance()[1] == held > 0
    assert world.balance() == (100 - cost, 0)


class Gate(httpx.BaseTransport):
    """Hands on what comes; the answers to settlements are not what the service said as long as
    there are others to be given."""

    def __init__(self, *instead: httpx.Response) -> None:
        self._instead = list(instead)
        self._road = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._road.handle_request(request)
        if not self._instead or not request.url.path.endswith("/settle"):
            return answer
        answer.close()
        return self._instead.pop(0)

    def close(self) -> None:
        self._road.close()


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (401, "unauthorized", {}),
        (403, "forbidden", {}),
        (404, None, {}),
        (409, "request-in-progress", {"X-Should-Retry": "true"}),
        (503, None, {}),
    ],
)
def test_what_says_nothing_of_a_settlement_does_not_end_its_lease(
    demo, world, cost, status, code, headers
):
    """It was done and its answer was lost; what is said then is no reason to charge it again."""
    body = {"type": f"/problems/{code}"} if code else "a page of a proxy"
    gate = Gate(*(httpx.Response(status, json=body, headers=headers) for _ in range(2)))
    hasty = Retry(retries=0, deadline=30)
    with (
        httpx.Client(transport=gate) as http,
        Client(demo["base_url"], demo["service_key"], retry=hasty, http=http) as client,
        Leases(client, size=SLOWLY) as leases,
    ):
        leases.spend(world.customer, ENDPOINT)
        leases.settle()
        leases.settle()
    assert world.balance() == (100 - cost, 0) and counted(world) == 1


def test_a_lease_that_is_over_is_told_of_as_events(credits, world, cost):
    """As after a night of the machine's sleep, beyond the grace; the service's clock is set."""
    path = f"/v1/customers/{world.customer}"
    made = world.api.post(f"{path}/keys", {"name": "tests", "test": True}, key=str(uuid7()))
    world.api.post(f"{path}/sandbox/refill", {"amount": "100"}, key=str(uuid7()))
    sandbox = World(world.api, made["customer"])
    before = sum(sandbox.balance())
    with Leases(credits, size=SLOWLY) as leases:
        leases.spend(api_key=made["secret"], endpoint=ENDPOINT)
        world.api.post(f"{path}/sandbox/clock", {"seconds": 200}, key=str(uuid7()))
    assert sandbox.balance() == (before - cost, 0)
    assert counted(sandbox) == 1


def spend_and_be_killed(demo, world, folder):
    """Seven calls."""
    program = f"""
        import time
        from drawdown import Client, Leases, Size
        client = Client({demo["base_url"]!r}, {demo["service_key"]!r})
        leases = Leases(client, size=Size(every=3600), folder={str(folder)!r})
        for _ in range(7):
            leases.spend({world.customer!r}, {ENDPOINT!r})
        print("spent", flush=True)
        time.sleep(60)
    """
    killed = subprocess.Popen(
        [sys.executable, "-c", dedent(program)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert killed.stdout is not None and killed.stdout.readline() == b"spent\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()


def test_what_a_killed_process_has_spent_is_settled_by_the_next(
    credits, demo, world, cost, tmp_path
):
    spend_and_be_killed(demo, world, tmp_path)
    assert world.balance()[1] > 0
    with Leases(credits, size=Size(every=0.1), folder=tmp_path):
        soon(lambda: world.balance() == (100 - 7 * cost, 0))
        soon(lambda: len(list(tmp_path.glob("*.notes"))) == 1)
    assert counted(world) == 7


def test_what_a_killed_process_has_spent_is_settled_by_another_of_its_folder(
    credits, demo, world, cost, tmp_path, monkeypatch
):
    monkeypatch.setattr("drawdown.left.LOOK_SECONDS", 0.1)
    with Leases(credits, size=Size(every=0.1), folder=tmp_path):
        spend_and_be_killed(demo, world, tmp_path)
        soon(lambda: world.balance() == (100 - 7 * cost, 0))
    assert counted(world) == 7


def test_a_key_pays_and_its_calls_say_so(credits, world, cost):
    secret = world.new_key()
    with Leases(credits, size=SLOWLY) as leases:
        leases.spend(api_key=secret, endpoint=ENDPOINT)
    assert world.balance() == (100 - cost, 0)
    assert world.calls()[0]["key"] is not None


def test_where_limits_are_looked_at_call_by_call_each_is_asked_for(credits, world, cost):
    limits = {
        "limits": [
            {
                "kind": "spend",
                "scope": "endpoint",
                "subject": ENDPOINT,
                "period": "day",
                "hard": "10",
            }
        ]
    }
    put = world.api._http.request(
        "PUT",
        f"{world.api._url}/v1/customers/{world.customer}/limits",
        json=limits,
        headers=world.api._headers | {"Idempotency-Key": str(uuid7())},
    )
    assert put.status_code == 200, put.text
    with Leases(credits, size=SLOWLY) as leases:
        spent = 0
        with pytest.raises(PaymentRequired) as refused:
            while spent < 50:
                leases.spend(world.customer, ENDPOINT)
                spent += 1
        assert refused.value.type == "spend-cap-reached"
    assert spent * cost <= 10 and world.balance() == (100 - spent * cost, 0)


def test_unknown_endpoints_and_customers_are_refused(credits, world):
    with Leases(credits, size=SLOWLY) as leases:
        for payer, endpoint in [(world.customer, "nothing"), ("cus_" + "0" * 32, ENDPOINT)]:
            with pytest.raises(Exception, match="not-found|unknown-endpoint"):
                leases.spend(payer, endpoint)


def test_an_idle_block_comes_back(credits, world, cost, monkeypatch):
    monkeypatch.setattr("drawdown.holder.IDLE_SECONDS", 0.2)
    with Leases(credits, size=Size(every=0.1)) as leases:
        leases.spend(world.customer, ENDPOINT)
        soon(lambda: world.balance() == (100 - cost, 0))
        leases.spend(world.customer, ENDPOINT)
    assert world.balance() == (100 - 2 * cost, 0)


def test_closed_leases_sell_nothing(credits, world):
    leases = Leases(credits, size=SLOWLY)
    leases.close()
    with pytest.raises(RuntimeError, match="closed"):
        leases.spend(world.customer, ENDPOINT)


def test_closing_waits_for_nobody_for_long(demo, road, credits, world, cost, tmp_path):
    payers = [world, World.new(world.api)]
    patient = Retry(retries=0, deadline=60)
    with Client(road.url, demo["service_key"], retry=patient) as client:
        leases = Leases(client, size=SLOWLY, folder=tmp_path)
        for payer in payers:
            leases.spend(payer.customer, ENDPOINT)
        road.is_silent = True
        began = monotonic()
        leases.close(timeout=1)
        assert monotonic() - began < 20
    road.is_silent = False
    with Leases(credits, size=SLOWLY, folder=tmp_path) as following:
        following.recover()
        assert [payer.balance() for payer in payers] == [(100 - cost, 0)] * 2
