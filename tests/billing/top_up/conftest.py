from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from billing.models import Pack, Purchase
from ledger import checks
from tests.billing.top_up.owner import Owner
from tests.factories.billing import new_pack
from tests.factories.dated import Calendar, undone


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    """The ledger's clock can be moved here, and all is undone at the end."""
    with django_db_blocker.unblock(), undone() as calendar:
        yield calendar


@pytest.fixture
def books_tie(calendar: Calendar) -> Iterator[None]:
    """Whatever was done, every invariant of the ledger holds at the end."""
    yield
    customers = set(Purchase.objects.values_list("customer_id", flat=True))
    broken = [finding for finding in checks.run(connection, list(customers)) if finding.broken]
    assert broken == []


@pytest.fixture
def pack(calendar: Calendar) -> Pack:
    """1,000 credits for USD 100."""
    return new_pack(name="Thousand")


@pytest.fixture
def owner(books_tie: None, pack: Pack) -> Owner:
    """Falls to 200 credits, and is brought back to 1,000: one pack. At most USD 1,000 a month."""
    return Owner.new(pack)
