from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from billing.models import Policy
from tests.factories.dated import Calendar, undone
from tests.factories.ledger import Clock


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    with django_db_blocker.unblock(), undone() as calendar:
        yield calendar


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def policy() -> Iterator[Policy]:
    """To be changed and saved: it is as it was afterwards."""
    usual = Policy.current()
    yield Policy.current()
    usual.save()
