"""How the debit API answered, as its rows have it when the process has stopped."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import uvicorn
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts import services
from billing.jobs import housekeeping
from config.asgi import new_application
from config.protocol import Protocol
from ledger import answer_counts
from ledger.fastpath import counted
from ledger.models import AnswerCount
from ledger.sandboxes import opened, refill
from tests.accounts.conftest import committed
from tests.ledger.fastpath.events import event, report
from tests.ledger.fastpath.shop import Api, Shop, eventually, funded, name, payer, prices

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """The service has connections of its own."""


@pytest.fixture
def answered(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[[Callable[[Api], None]], dict[tuple[str, str], int]]]:
    """What a service of its own counts while something is asked of it."""
    with django_db_blocker.unblock(), prices():

        def of(asking: Callable[[Api], None]) -> dict[tuple[str, str], int]:
            before = kept()
            server = uvicorn.Server(
                uvicorn.Config(new_application(), http=Protocol, loop="uvloop", log_level="warning")
            )
            listener = socket.create_server(("127.0.0.1", 0))
            thread = Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            eventually(lambda: server.started)
            shop = Shop(f"http://127.0.0.1:{listener.getsockname()[1]}")
            try:
                asking(shop.api())
            finally:
                shop.close()
                server.should_exit = True
                thread.join()
            return dict(kept() - before)

        yield of


def kept() -> Counter:
    found: Counter = Counter()
    for one in AnswerCount.objects.all():
        found[one.operation, one.reason] += one.count
    return found


def test_each_answer_is_counted_with_its_reason(answered):
    customer = funded()

    def asking(api):
        hold = api.hold(customer)
        api.settle(hold, "commit")
        api.settle(hold, "release")
        api.debit(customer, amount=3)
        api.debit(customer, amount=1_000_000)
        api.debit(customer, amount="x")
        api.reserve(customer, endpoint="nowhere")

    assert answered(asking) == {
        ("reserve", ""): 1,
        ("reserve", "unknown-endpoint"): 1,
        ("commit", ""): 1,
        ("release", "reservation-committed"): 1,
        ("debit", ""): 1,
        ("debit", "insufficient-credits"): 1,
        ("debit", "malformed-amount"): 1,
    }


def test_who_asks_the_same_again_is_not_counted_again(answered):
    customer = funded()

    def asking(api):
        for _ in range(3):
            assert api.debit(customer, amount=3).status_code == 201
            same = api.post("/debits", payer(customer) | {"amount": 2}, Idempotency_Key="same")
            assert same.status_code == 201

    assert answered(asking) == {("debit", ""): 4}


def test_each_operation_of_a_batch_and_each_event_counts(answered):
    customer = funded()

    def asking(api):
        batch = {"op": "debit", "customer": name(customer), "amount": 1}
        api.batch(
            batch | {"idempotency_key": "first"},
            batch | {"idempotency_key": "second", "amount": 10**6},
            batch | {"idempotency_key": "third", "op": "nothing"},
        )
        sent = event(customer)
        report(api, sent, event(customer, "nowhere"), sent)
        report(api, sent)
        assert api.post("/batch", b"{").status_code == 400

    assert answered(asking) == {
        ("debit", ""): 1,
        ("debit", "insufficient-credits"): 1,
        ("batch", "invalid-request"): 1,
        ("batch", "malformed-json"): 1,
        ("event", ""): 1,
        ("event", "unknown-endpoint"): 1,
    }


def test_what_a_sandbox_asks_is_not_counted(answered):
    sandbox = opened(funded())
    refill(sandbox, 50_000_000)
    secret = services.create_api_key(customer=sandbox).secret

    def asking(api):
        for amount in (1, 10**6):
            assert api.post("/debits", {"api_key": secret, "amount": amount}).status_code in (
                201,
                402,
            )

    assert answered(asking) == {}


def test_they_are_added_while_it_runs(answered, monkeypatch):
    monkeypatch.setattr(counted, "FLUSH_SECONDS", 0.05)
    customer = funded()
    before = kept()

    def asking(api):
        api.debit(customer, amount=1)
        eventually(lambda: kept() - before == {("debit", ""): 1})
        api.debit(customer, amount=1)
        eventually(lambda: kept() - before == {("debit", ""): 2})

    assert answered(asking) == {("debit", ""): 2}


def test_what_cannot_be_added_now_is_added_later(answered, monkeypatch):
    monkeypatch.setattr(counted, "FLUSH_SECONDS", 0.05)
    add, customer = counted._ADD, funded()

    def asking(api):
        monkeypatch.setattr(counted, "_ADD", "select from nowhere where %s = ''")
        api.debit(customer, amount=1)
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(0.2)")
        monkeypatch.setattr(counted, "_ADD", add)

    assert answered(asking) == {("debit", ""): 1}


def test_they_are_kept_for_90_days():
    AnswerCount.objects.all().delete()
    now = timezone.now()
    for age in (89, 91, 200):
        AnswerCount.objects.create(
            since=now - age * answer_counts.KEPT_FOR / 90, operation="debit", count=age
        )
    assert housekeeping.forget_answer_counts() == 2
    assert AnswerCount.objects.get().count == 89
