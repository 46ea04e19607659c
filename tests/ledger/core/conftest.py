from collections.abc import Iterator
from datetime import timedelta

import pytest

from ledger.periods import Period
from tests.accounts.conftest import committed
from tests.factories.ledger import Book, Clock

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """Everything here is committed, to customers of its own."""


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def book() -> Book:
    """A customer with 100 promotional credits that never expire."""
    return Book.funded(100)


@pytest.fixture
def today(clock: Clock) -> Period:
    """And what is about it."""
    now = clock.now()
    return Period(now - timedelta(days=2), now + timedelta(days=1))
