"""A file of SQLite's, for several threads, and for several processes, forked ones too."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drawdown import forks

IN_MEMORY = ":memory:"


class Database:
    """What is changed survives a crash of the process and of the machine (synchronous=FULL).

    It is closed while the process forks, and opened when it is used next: SQLite keeps its locks by
    process, so that whoever has inherited a connection can neither use nor close it, and not even
    safely open the file beside it (sqlite.org/howtocorrupt.html).
    """

    def __init__(self, path: str | Path, schema: str) -> None:
        self._path, self._schema = str(path), schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        forks.watch_resting(self)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            yield self._connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """All of it is done, and durable when this ends; or nothing, where it raises."""
        with self.reading() as connection, connection:
            connection.execute("begin immediate")
            yield connection

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def rest(self) -> None:
        self._lock.acquire()
        if self._path != IN_MEMORY:
            self._disconnect()

    def go_on(self) -> None:
        self._lock.release()

    def begin_anew(self) -> None:
        """What the parent has in its memory is the parent's."""
        self._disconnect()

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise ValueError(f"{self._path} is closed.")
        connection = sqlite3.connect(
            self._path, timeout=10, isolation_level=None, check_same_thread=False
        )
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.executescript(self._schema)
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
