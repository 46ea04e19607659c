"""Requests that arrive together travel in one call of the core, and each stands alone in it."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from contextlib import contextmanager
from threading import Event
from time import sleep

import pytest
from django.db import connection, connections
from prometheus_client import REGISTRY

from accounts.ids import uuid7
from accounts.models import Customer
from config.fastpath import database
from ledger.fastpath.database import STATEMENT_SECONDS, Line
from ledger.fastpath.gatherer import CALL_MAX, Gatherer
from ledger.fastpath.refusals import Failed, Unavailable
from ledger.fastpath.waker import Waker
from ledger.operations import Operation
from tests.factories.accounts import CustomerFactory
from tests.ledger.fastpath.events import event, send
from tests.ledger.fastpath.shop import (
    available,
    books,
    funded,
    locked,
    locked_wallet,
    new_key,
    payer,
    problem,
    together,
)


def calls_of_the_core():
    # They are counted after they were answered.
    sleep(0.05)
    return REGISTRY.get_sample_value("drawdown_gathered_operations_count")


def test_what_arrives_together_travels_together(api):
    customers = [funded() for _ in range(12)]
    before = calls_of_the_core()
    answers = together([lambda c=c: api.reserve(c, amount=4) for c in customers])
    assert {answer.status_code for answer in answers} == {201}
    assert calls_of_the_core() == before + 2


def test_one_hot_customer_is_served_in_one_call(api, customer):
    before = calls_of_the_core()
    answers = together([lambda: api.debit(customer, amount=30) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [402] * 5
    assert calls_of_the_core() == before + 2
    assert available(customer) == 10


def test_a_refusal_touches_no_neighbour(api):
    poor, rich = CustomerFactory(), funded()
    nobody = {"customer": "cus_" + "1" * 32, "amount": 1}
    hold = api.hold(rich)
    good = [lambda: api.debit(rich, amount=1)] * 4
    bad = [
        lambda: api.debit(poor, amount=1),
        lambda: api.debit(rich, amount=1.5),
        lambda: api.debit(rich, amount=1000),
        lambda: api.post("/debits", nobody),
        lambda: api.settle(hold, "commit", {"amount": 11}),
        lambda: api.post("/reservations/rsv_x/commit"),
    ]
    before = books(poor)
    answers = together([good[0], *bad, *good[1:]])
    assert [answer.status_code for answer in answers[-3:]] == [201] * 3
    assert [problem(answer) for answer in answers[1:7]] == [
        (402, "insufficient-credits"),
        (400, "malformed-amount"),
        (402, "insufficient-credits"),
        (404, "not-found"),
        (422, "amount-exceeds-reservation"),
        (404, "not-found"),
    ]
    assert available(rich) == 86
    assert books(poor)[1:] == before[1:]


def test_gathered_equals_alone(api):
    """The same requests, for customers that are alike."""

    def requests(customer, hold):
        return [
            lambda: api.reserve(customer, endpoint="summarize"),
            lambda: api.settle(hold, "commit", {"amount": "2.5"}),
            lambda: api.reserve(customer, amount=1000),
            lambda: api.settle(hold, "extend", {"expires_in": 0}),
        ]

    def told(answer):
        shown = ("status", "endpoint", "amount", "committed", "released", "price", "required")
        return answer.status_code, [answer.json().get(member) for member in shown]

    first, *pairs = [(funded(), funded()) for _ in range(4)]
    calls, alone = [lambda: api.reserve(first[0], amount=1)], []
    for number, (one, other) in enumerate(pairs):
        calls.append(requests(one, api.hold(one))[number])
        alone.append(requests(other, api.hold(other))[number]())
    gathered = together(calls)[1:]
    assert [told(answer) for answer in gathered] == [told(answer) for answer in alone]


def test_a_locked_wallet_waits_without_its_neighbours(api, customer):
    other = funded()
    with ThreadPoolExecutor(4) as threads:
        with locked_wallet(customer):
            waiting = [threads.submit(api.debit, customer, amount=1) for _ in range(3)]
            with pytest.raises(TimeoutError):
                waiting[0].result(timeout=0.2)
            assert threads.submit(api.debit, other, amount=1).result(1).status_code == 201
        assert {one.result(2).status_code for one in waiting} == {201}
    assert available(customer) == 97


def test_who_waits_for_a_locked_wallet_is_told_so_with_all_that_wait(api, customer):
    """And not one after the other, each when its own time is over."""
    with ThreadPoolExecutor(7) as threads, locked_wallet(customer):
        waiting = [threads.submit(api.debit, customer, amount=1) for _ in range(6)]
        sleep(1)
        waiting.append(threads.submit(api.debit, customer, amount=1))
        answers = [one.result(4 * STATEMENT_SECONDS) for one in waiting]
    assert {problem(answer) for answer in answers} == {(503, "unavailable")}
    assert api.debit(customer, amount=1).status_code == 201


@contextmanager
def failing(table, state):
    """Whatever is written there fails so, as on a disk without room."""
    with connections["owner"].cursor() as owner:
        owner.execute(
            "create function failing() returns trigger language plpgsql as"
            f" $$ begin raise exception 'no' using errcode = '{state}'; end $$;"
            f"create trigger failing before insert on {table}"
            " for each row execute function failing()"
        )
        try:
            yield
        finally:
            owner.execute(f"drop trigger failing on {table}; drop function failing()")


@pytest.mark.parametrize("state", ["53100", "53200", "25006", "58030", "57P03"])
def test_a_server_in_trouble_is_unavailable(api, customer, state):
    with failing("ledger_hold", state):
        answer = api.reserve(customer, amount=1)
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    with failing("ledger_call", state):
        assert problem(send(api, [event(customer)])) == (503, "unavailable")
    assert available(customer) == 100


def test_when_the_database_is_gone_all_that_wait_are_told_at_once():
    def failed():
        return REGISTRY.get_sample_value("drawdown_failed_calls_total")

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = {"host": "127.0.0.1", "port": nobody.getsockname()[1]}
        gone = database() | address
        gatherer = Gatherer(gone, Waker(Line(gone)))
        someone = Customer(id=uuid7())
        waiting = [asyncio.create_task(gatherer.do([debit(someone)])) for _ in range(3 * CALL_MAX)]
        await asyncio.sleep(0)
        task = asyncio.create_task(gatherer.run())
        answers = [answer for one in waiting for answer in await one]
        task.cancel()
        return answers

    before = failed()
    assert {type(answer) for answer in asyncio.run(main())} == {Unavailable}
    assert failed() == before + 1


def test_nobody_is_answered_before_the_commit(api, customer):
    with ThreadPoolExecutor(1) as threads:
        with locked("lock table ledger_hold in access exclusive mode"):
            waiting = threads.submit(api.reserve, customer, amount=1)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
        assert waiting.result(2).status_code == 201


def debit(customer, **fields):
    return Operation(
        op="debit", customer_id=customer.id, key=uuid7(), request=1, amount=1, **fields
    )


def with_gatherer(work):
    async def main():
        gatherer = Gatherer(database(), Waker(Line(database())))
        task = asyncio.create_task(gatherer.run())
        try:
            return await work(gatherer)
        finally:
            await gatherer.close()
            task.cancel()

    return asyncio.run(main())


def test_what_was_accepted_is_finished_at_the_end_and_nothing_more_accepted(customer):
    async def work(gatherer):
        accepted = [asyncio.create_task(gatherer.do([debit(customer)])) for _ in range(5)]
        await asyncio.sleep(0)
        await gatherer.close()
        assert {answer.code for task in accepted for answer in await task} == {"ok"}
        with pytest.raises(Unavailable):
            await gatherer.do([debit(customer)])

    with_gatherer(work)


def test_no_more_is_accepted_than_can_be_done_soon(customer, monkeypatch):
    monkeypatch.setattr("ledger.fastpath.gatherer.PENDING_MAX", 3)

    async def work(gatherer):
        accepted = [asyncio.create_task(gatherer.do([debit(customer)])) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await gatherer.do([debit(customer)])
        assert {answer.code for task in accepted for answer in await task} == {"ok"}
        assert [answer.code for answer in await gatherer.do([debit(customer)])] == ["ok"]

    with_gatherer(work)


def test_when_a_call_fails_its_operations_are_tried_again_by_themselves(customer):
    """The core cannot even read the second: the service's own checks would not let it pass."""

    other = funded()
    operations = [debit(customer), debit(customer, address="nowhere"), debit(other)]

    async def travel(gatherer):
        return await asyncio.gather(*(gatherer.do([one]) for one in operations))

    ((first,), (poison,), (third,)) = with_gatherer(travel)
    assert (first.code, third.code) == ("ok", "ok")
    assert isinstance(poison, Failed)


KILL = """
select pg_terminate_backend(pid) from pg_stat_activity
where pid <> pg_backend_pid() and usename = current_user and query like '%ledger_apply%'
"""


def test_a_connection_that_is_killed_loses_and_doubles_nothing(api):
    """Eight threads debit while the service's connections are killed again and again."""
    customers, rounds = [funded() for _ in range(8)], 40
    stop = Event()

    def kill():
        while not stop.is_set():
            with connection.cursor() as cursor:
                cursor.execute(KILL)
            sleep(0.05)
        connection.close()

    def spend(customer):
        for _ in range(rounds):
            key = new_key()
            while True:
                body = payer(customer) | {"amount": 1}
                answer = api.post("/debits", body, Idempotency_Key=key)
                if answer.status_code == 201:
                    break
                assert problem(answer) == (503, "unavailable")
                assert answer.headers["Retry-After"] == "1"
                assert answer.headers["X-Should-Retry"] == "true"

    with ThreadPoolExecutor(9) as threads:
        killer = threads.submit(kill)
        for spender in [threads.submit(spend, customer) for customer in customers]:
            spender.result()
        stop.set()
        killer.result()
    assert [available(customer) for customer in customers] == [100 - rounds] * 8
    assert all(len(books(customer)[3]) == rounds for customer in customers)
