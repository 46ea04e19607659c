import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from config.embedded import serving
from config.state import State
from tests import tables
from tests.workers import WORKER

settings.register_profile("the same cases", derandomize=True)
QUICK = {"synchronous_commit": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}


def pytest_configure(config: pytest.Config) -> None:
    """What is tried by chance is other cases each time in the long runs only: a change is not to
    fail for what was wrong before it."""
    # Also where the database is not ours. What is about second factors asks for them.
    django_settings.STAFF_MFA = False
    if "not soak" in config.option.markexpr:
        settings.load_profile("the same cases")


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_read_once() -> Iterator[None]:
    """Every test client loads the middleware anew, and most of that is reading some hundred files
    that never change here."""
    found: dict[str, StaticFile] = {}
    read = WhiteNoiseMiddleware.add_files_from_finders

    def remember(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            read(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remember)
        yield


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
        if WORKER:
            for one in connections.all():
                one.settings_dict["TEST"]["NAME"] = f"test_{one.settings_dict['NAME']}_{WORKER}"
        made = _made()
        _make_quick()
        yield
        connections.close_all()
        teardown_databases(made, verbosity=0)


def _made() -> list[Any]:
    """Quickly, where the server is ours and has made it before."""
    wanted = "" if os.environ.get("DATABASE_URL") else tables.name()
    is_there = wanted and tables.use(wanted)
    made = setup_databases(verbosity=0, interactive=False, aliases={"owner"})
    if wanted and not is_there:
        tables.keep(wanted)
    return made


def _make_quick() -> None:
    """Nobody misses what a crash of this database would lose, and its rows are few. What is about
    crashes has an installation of its own."""
    owner = connections["owner"]
    with owner.cursor() as cursor:
        for setting, value in QUICK.items():
            name = owner.ops.quote_name(owner.settings_dict["NAME"])
            cursor.execute(f"alter database {name} set {setting} = {value}")
    # Settings of a database are those of connections to come.
    connections.close_all()
