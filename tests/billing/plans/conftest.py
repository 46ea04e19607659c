from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from ledger import checks
from tests.billing.plans.world import World
from tests.factories.dated import Calendar, undone


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    """The ledger's clock can be moved here, and all is undone at the end."""
    with django_db_blocker.unblock(), undone() as calendar:
        calendar.go(date(2031, 1, 10))
        yield calendar


@pytest.fixture
def world(calendar: Calendar) -> Iterator[World]:
    """It is noon of 10 January 2031, UTC. Whatever is done, every invariant of the books holds at
    the end."""
    world = World(calendar)
    yield world
    broken = [one for one in checks.run(connection, world.customers) if one.broken]
    assert broken == []
