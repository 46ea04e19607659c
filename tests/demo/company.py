"""The demo company of a service that was started for real."""

import re
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from config.embedded import cluster
from config.embedded.place import Place
from config.state import State
from tests.config.service import Service, running


def command(*, days: int, calls: float) -> list[str]:
    """`manage.py run` with so much history, and so many calls a second."""
    environment = ["env", f"DEMO_HISTORY_DAYS={days}", f"DEMO_TRAFFIC={calls}"]
    return [*environment, sys.executable, "manage.py", "run", "--port", "{port}"]


def started(state: Path, *, days: int = 0, calls: float = 0) -> AbstractContextManager[Service]:
    return running(state, *command(days=days, calls=calls))


def rows(state: Path, query: str) -> list[dict]:
    """As the owner reads the database of this state folder."""
    sockets = str(Place.of(State(state)).sockets)
    with psycopg.connect(
        host=sockets, user=cluster.OWNER, dbname=cluster.DATABASE, row_factory=dict_row
    ) as connection:
        return connection.execute(query).fetchall()


def northwind_url(service: Service) -> str:
    found = re.search(r"Northwind AI, .*: (http://\S+)", service.said())
    assert found
    return found[1]
