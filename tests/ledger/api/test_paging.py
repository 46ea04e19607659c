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
from tests.factories.accounts import CustomerFactory, ServiceKeyFactory
from tests.ledger.api.conftest import Caller, operate, path

ROWS = 100


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
