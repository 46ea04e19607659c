from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import DjangoDbBlocker

from billing.models import Invoice, Subscription, SubscriptionState
from ledger import checks
from tests.billing.plans.world import World
from tests.factories.dated import Calendar, undone
from tests.factories.ledger import forget_events


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    """The ledger's clock can be moved here, and all is undone at the end."""
    with django_db_blocker.unblock(), undone() as calendar:
        _set_others_aside()
        calendar.go(date(2031, 1, 10))
        yield calendar


def _set_others_aside() -> None:
    """What other tests have left would be turned over and charged for years, in every test."""
    left = Subscription.objects.filter(state=SubscriptionState.ACTIVE)
    left.update(state=SubscriptionState.ENDED, ended_at=Now())
    Subscription.objects.update(applied=True)
    Invoice.objects.update(due_at=None, fee_earned=F("fee"))
    forget_events()


@pytest.fixture
def world(calendar: Calendar) -> Iterator[World]:
    """It is noon of 10 January 2031, UTC. Whatever is done, every invariant of the books holds at
    the end."""
    world = World(calendar)
    yield world
    broken = [one for one in checks.run(connection, world.customers) if one.broken]
    assert broken == []
