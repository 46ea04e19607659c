"""Real web processes on the tests' database, and no worker beside them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections
from psycopg.conninfo import make_conninfo

from config.listener import HOST, answers, open_listener
from config.state import BASE_DIR

START_SECONDS = 120


class Web:
    def __init__(self, folder: Path, number: int, **chosen: str) -> None:
        self.port = 0
        self._log = folder / "log.txt"
        with open_listener(HOST, 0) as listener, self._log.open("wb") as log:
            self.port = listener.getsockname()[1]
            self._processes = [self._start(listener, log.fileno(), chosen) for _ in range(number)]

    def _start(self, listener: socket.socket, log: int, chosen: dict[str, str]) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "config.web", str(listener.fileno())],
            cwd=BASE_DIR,
            env={"PATH": os.environ["PATH"], "SECRET_KEY": "x", "KEY_PEPPER": "x", **chosen},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )

    def is_up(self) -> bool:
        return answers(HOST, self.port)

    def said(self) -> str:
        return self._log.read_text()

    def await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_up():
            assert time.monotonic() < deadline, self.said()

    def await_saying(self, words: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while words not in self.said():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)


def database() -> dict[str, str]:
    """The tests' own."""
    return {"DATABASE_URL": _of("default"), "OWNER_DATABASE_URL": _of("owner")}


def _of(alias: str) -> str:
    given = connections[alias].get_connection_params()
    fields = ("host", "port", "user", "password", "dbname", "options")
    return make_conninfo(**{name: given[name] for name in fields if given.get(name)})


@contextmanager
def serving(folder: Path, *, number: int = 1, **chosen: str) -> Iterator[Web]:
    mails = {"EMAIL_URL": f"filemail:///{folder / 'mails'}"}
    web = Web(folder, number, **mails, **chosen)
    try:
        web.await_ready()
        yield web
    finally:
        web.end()
