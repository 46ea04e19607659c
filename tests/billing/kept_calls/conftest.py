from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pytest_django import DjangoDbBlocker

from accounts.ids import uuid7
from billing.books.scenarios.database import throw_away
from ledger import seals
from ledger.prices import rate_cards
from tests.billing.kept_calls.month import broken, execute, old, then
from tests.factories.ledger import Book, key


@pytest.fixture(autouse=True)
def _elsewhere(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In a database of its own."""
    with django_db_blocker.unblock(), throw_away():
        yield


@pytest.fixture
def book() -> Iterator[Book]:
    """With calls of then, of a little later, and of today."""
    execute("select ledger_make_partitions(%s, ledger_now())", then())
    execute("update ledger_clock set shift = %s - clock_timestamp()", then())
    book = Book.new()
    book.grant(1_000, kind="paid")
    expiring = book.grant(50, expires_at=then(0.01))
    assert expiring
    book.debit(5, **old(), address="192.0.2.7", metadata={"for": "Jane"}, request_id="req-1")
    held = book.reserve(20, expires_in=3600 * 24, **old())
    _pass(days=1)
    book.commit(held, 7, **old(1))
    book.release(book.reserve(10, **old(1)), **old(1))
    book.reserve(9, expires_in=60, **old(1))
    back = book.debit(30, api_key_id=UUID(int=7), **old(1))
    book.reverse(back, 12, **old(1))
    _tiered(book)
    _pass(days=2)
    book.refresh()
    _pass(days=35)
    book.debit(11, **old(35))
    execute("update ledger_clock set shift = '0'")
    book.debit(3, **key())
    seals.write(book.customer_id, step=4)
    execute("select ledger_forget_keys(ledger_now(), 1000)")
    assert broken() == []
    yield book


def _pass(days: float) -> None:
    execute("update ledger_clock set shift = %s - clock_timestamp()", then(days))


def _tiered(book: Book) -> None:
    """A call of a price that depends on the month so far."""
    card = rate_cards.create_card(name=uuid7().hex, effective_at=datetime(2020, 1, 1, tzinfo=UTC))
    endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
    price = rate_cards.set_price(card, endpoint, per_call=1)
    rule = {"per_call": 1, "units": []}
    hold = book.do("reserve", price_id=price.id, rule=rule, expires_in=900, **old(1))
    assert hold.ok
    assert book.commit(hold, price_id=price.id, rule=rule, **old(1)).ok
