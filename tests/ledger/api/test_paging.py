"""Lists are read page by page while another connection goes on writing."""

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from accounts import ids
from ledger import services
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.operations import Operation
from tests.factories.accounts import CustomerFactory, ServiceKeyFactory
from tests.ledger.api.conftest import Caller, operate, path

ROWS = 100
MANY = 10_000
AT_ONCE = 1_000


@pytest.fixture
def busy(committed) -> Iterator[Any]:
    """A customer with 101 transactions and 100 reservations, and more while the test runs."""
    customer = CustomerFactory()
    services.grant(customer.id, amount=10**6 * CREDIT, kind="promo")
    customer.before = [_debit(customer) for _ in range(ROWS)]
    stop = Event()
    writer = Thread(target=_write, args=(customer, stop))
    writer.start()
    yield customer
    stop.set()
    writer.join()


def _debit(customer) -> str:
    made = operate("debit", customer, amount=CREDIT)
    return str(ReservationId(customer.id, made.reservation_id, 0))


def _write(customer, stop: Event) -> None:
    while not stop.is_set():
        _debit(customer)
    connection.close()


def read_all(first: str) -> list[dict[str, Any]]:
    caller = Caller(ServiceKeyFactory().secret)
    found, cursor = [], ""
    while cursor is not None:
        body = caller.get(f"{first}{cursor}").json()
        found += body["data"]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
    return found


def test_transactions_are_neither_skipped_nor_repeated(busy):
    found = read_all(path(busy, "/transactions?limit=3"))
    versions = [one["version"] for one in found]
    assert versions == list(range(versions[0], 0, -1))
    assert len(versions) > ROWS


def test_reservations_are_neither_skipped_nor_repeated(busy):
    found = read_all(f"/reservations?customer={ids.encode('cus', busy.id)}&limit=3")
    names = [one["id"] for one in found]
    assert len(set(names)) == len(names)
    assert names[-ROWS:] == busy.before[::-1]


@pytest.fixture
def with_many(committed) -> Iterator[Any]:
    """A customer with 10,000 calls, the half of them open, which are settled while the test runs;
    and others are made."""
    customer = CustomerFactory()
    services.grant(customer.id, amount=10**6 * CREDIT, kind="promo")
    made = [one for _ in range(MANY // AT_ONCE) for one in _make_calls(customer)]
    customer.before = [str(ReservationId(customer.id, one.reservation_id, 0)) for one in made]
    stop = Event()
    settler = Thread(target=_settle, args=(customer, made[::2], stop))
    settler.start()
    yield customer
    stop.set()
    settler.join()


def _make_calls(customer) -> list[Any]:
    ops = ("reserve", "debit") * (AT_ONCE // 2)
    return services.apply(
        [Operation(op=op, customer_id=customer.id, amount=CREDIT, expires_in=900) for op in ops]
    )


def _settle(customer, open_ones, stop: Event) -> None:
    """The last made first, as the reader goes."""
    for hold in reversed(open_ones):
        if stop.is_set():
            break
        operate("commit", customer, reservation_id=hold.reservation_id)
        _debit(customer)
    connection.close()


def test_of_10000_calls_none_is_skipped_or_repeated_while_they_end_and_others_arrive(with_many):
    found = read_all(path(with_many, "/calls?limit=100"))
    names = [one["id"] for one in found]
    assert len(set(names)) == len(names)
    assert names[-MANY:] == with_many.before[::-1]
    assert {one["status"] for one in found} == {"held", "committed"}
