from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from config.embedded import serving
from config.state import State


@pytest.fixture(scope="session")
def server(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Each scenario has a database of its own: there is no other for these tests."""
    with ExitStack() as stack:
        if settings.EMBEDDED:
            stack.enter_context(serving(State.current()))
        stack.enter_context(django_db_blocker.unblock())
        yield
