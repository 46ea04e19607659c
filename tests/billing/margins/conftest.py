from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.factories.dated import Calendar, undone


@pytest.fixture
def calendar(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    with django_db_blocker.unblock(), undone() as calendar:
        yield calendar
