"""A PostgreSQL of its own, which tests restart while others use it."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from config.embedded import cluster
from config.embedded.place import Place
from config.embedded.user import server_user
from tests import clusters


class Database:
    def __init__(self, folder: Path) -> None:
        home = folder / "postgres"
        home.mkdir()
        self._place = Place(home, server_user())
        clusters.copy_to(self._place)
        with self._place.log.open("ab") as output:
            cluster.ensure_cluster(self._place, output)

    def start(self) -> None:
        self._place.make_sockets()
        with self._place.log.open("ab") as output:
            self._process = cluster.start(self._place, output)
        cluster.prepare(self._place, self._process)

    def stop(self) -> None:
        """Whoever is connected is cut off."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def close(self) -> None:
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self._place.sockets, ignore_errors=True)

    def url(self, user: str) -> str:
        return f"host={self._place.sockets} user={user} dbname={cluster.DATABASE}"

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """As the service."""
        return psycopg.connect(self.url(cluster.APPLICATION))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query, parameters).fetchall()
