"""Promise 7: automatic top-up neither runs away (670 invoices) nor fails silently.

Real connections, each thread with its own, and the test provider's own rows say what was charged.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import IntegrityError, connection, connections, transaction
from pytest_django import DjangoDbBlocker

from billing.models import SandboxCheckout, TopUp
from billing.models.top_up import IN_FLIGHT
from billing.providers.base import Charge
from billing.providers.sandbox.provider import Sandbox
from billing.relay import relay
from billing.top_up import agreeing, obstacles, running
from ledger import checks, outbox
from tests.accounts.conftest import committed
from tests.billing.top_up.owner import Owner
from tests.factories.billing import new_pack

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """What other tests left to be told is told."""
    relay()


@pytest.fixture
def owner(_committed: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Owner]:
    """20 credits for USD 2 at a time; at most USD 30 a month."""
    owner = Owner.new(new_pack(credits=20, price="2.00"), threshold=10, target=30, cap=30)
    yield owner
    agreeing.end(owner.settings)
    broken = [one for one in checks.run(connection, [owner.customer.id]) if one.broken]
    assert broken == []


def in_threads(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(run, works))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The purchases that the provider was asked to charge for; how many at once must be one."""
    asked: list[str] = []
    real = Sandbox.charge_saved

    def charge(provider: Sandbox, charge: Charge) -> object:
        asked.append(charge.our_purchase)
        return real(provider, charge)

    monkeypatch.setattr(Sandbox, "charge_saved", charge)
    return asked


def test_promise_7_a_thousand_crossings_never_pass_the_cap_nor_have_two_in_flight(
    owner: Owner, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As fast as can be: without the pause between two, it is the cap that ends it."""
    monkeypatch.setattr(obstacles, "PAUSE", obstacles.PAUSE * 0)
    done, most = Event(), [0]

    def cross() -> None:
        for _ in range(250):
            outbox.tell(owner.customer.id, "top_up.needed")
            owner.book.debit(10**6)

    def deliver() -> None:
        while not done.is_set():
            relay()
            running.run()
            in_flight = TopUp.objects.filter(customer=owner.customer, state__in=IN_FLIGHT)
            most[0] = max(most[0], in_flight.count())

    def cross_all() -> None:
        try:
            in_threads(*[cross] * 4)
        finally:
            done.set()

    in_threads(cross_all, deliver, deliver, deliver)
    for _ in range(15):
        owner.spend_to(0)
        owner.run()
    assert (set(owner.states()), owner.charged()) == ({"succeeded"}, 30_00)
    assert len(asked) == len(set(asked)) == len(owner.states()) <= 15
    assert most[0] <= 1
    assert owner.available() == 0
    assert owner.told().count("top_up.cap_reached") == 1
    assert owner.mails() == ["top_up_cap_reached"]


def test_promise_7_with_the_pause_a_thousand_crossings_are_one_charge(
    owner: Owner, asked: list[str]
) -> None:
    owner.spend_to(10)
    for _ in range(1000):
        outbox.tell(owner.customer.id, "top_up.needed")
    in_threads(*[owner.run] * 4)
    owner.spend_to(5)
    in_threads(*[owner.run] * 4)
    assert (owner.states(), owner.charged(), len(asked)) == (["succeeded"], 2_00, 1)


@pytest.mark.parametrize("turn", range(5))
def test_promise_7_processes_at_once_charge_once(owner: Owner, asked: list[str], turn: int) -> None:
    owner.spend_to(10)
    in_threads(*[owner.run] * 6)
    owner.run()
    assert (owner.states(), owner.charged(), len(asked)) == (["succeeded"], 2_00, 1)


def test_promise_7_the_database_has_one_in_flight_whoever_asks(owner: Owner) -> None:
    TopUp.objects.create(customer=owner.customer)
    with pytest.raises(IntegrityError, match="top_up_one_in_flight"), transaction.atomic():
        TopUp.objects.create(customer=owner.customer)


def test_promise_7_it_does_not_fail_silently(_committed: None, asked: list[str]) -> None:
    """A stolen card is charged once in vain, however often it is wanted, and that is told."""
    pack = new_pack(credits=20, price="2.00")
    owner = Owner.new(pack, "9979", threshold=10, target=30, cap=30)
    owner.spend_to(10)
    for _ in range(3):
        outbox.tell(owner.customer.id, "top_up.needed")
        in_threads(*[owner.run] * 4)
    assert (owner.states(), owner.charged(), len(asked)) == (["failed"], 0, 1)
    assert (owner.told(), owner.mails()) == (["top_up.failed", "top_up.paused"], ["top_up_failed"])
    assert SandboxCheckout.objects.filter(purchase_ref=asked[0]).get().state == "expired"
    agreeing.end(owner.settings)
