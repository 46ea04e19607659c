import os
from collections.abc import Iterator

import pytest

from config.embedded import serving
from config.state import State


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """The test database is made on `DATABASE_URL`, else on the state folder's server."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    with serving(State.current()):
        yield
