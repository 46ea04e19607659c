import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from config.embedded import serving
from config.state import State


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """One test database, made by the owner's role, on `DATABASE_URL` or the state folder's server.

    pytest-django's own would make only the aliases that tests name, and `default` mirrors `owner`:
    left to it, tests would work in the real database.
    """
    with ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            stack.enter_context(serving(State.current()))
        stack.enter_context(django_db_blocker.unblock())
        made = setup_databases(verbosity=0, interactive=False, aliases={"owner"})
        yield
        connections.close_all()
        teardown_databases(made, verbosity=0)
