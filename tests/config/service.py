"""The real service, started in a state folder of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from config.state import BASE_DIR

START_SECONDS = 180
END_SECONDS = 20


def environment(state: Path) -> dict[str, str]:
    """Nothing of the environment that the tests run in but the path."""
    own = {"STATE": str(state), "HOME": str(state.parent)}
    # Tests look at what they did themselves, and start often.
    quiet = {"DEMO_TRAFFIC": "0", "DEMO_HISTORY_DAYS": "0"}
    # Receivers of webhooks are on this machine.
    near = {"WEBHOOKS_ALLOW_HTTP": "true", "WEBHOOKS_ALLOW_PRIVATE": "true"}
    return {"PATH": os.environ["PATH"], **own, **quiet, **near}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    def __init__(self, state: Path, command: Sequence[str] = (), **options: Any) -> None:
        self.state = state
        self.port = free_port()
        own = (sys.executable, "manage.py", "run", "--port", str(self.port))
        self.output = state.parent / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [part.format(port=self.port) for part in command or own],
                cwd=BASE_DIR,
                env=environment(state),
                stdout=output,
                stderr=output,
                start_new_session=True,
                **options,
            )

    def await_ready(self) -> "Service":
        deadline = time.monotonic() + START_SECONDS
        while "Drawdown is ready" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return self

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def demo(self) -> dict[str, Any]:
        demo: dict[str, Any] = json.loads((self.state / "demo.json").read_text())
        return demo

    def tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def each(self, name: str) -> Iterator[tuple[psutil.Process, Any]]:
        """What psutil says under this name of each process that has not ended meanwhile,
        for PostgreSQL's workers come and go."""
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                yield process, getattr(process, name)()

    def find(self, part: str) -> psutil.Process:
        """The first process of the tree whose command line has this part."""
        return next(p for p, words in self.each("cmdline") if any(part in w for w in words))

    def end_by(self, number: signal.Signals) -> int:
        tree = self.tree()
        self.process.send_signal(number)
        self.assert_gone(tree)
        return self.process.wait()

    def assert_gone(self, tree: Sequence[psutil.Process]) -> None:
        """All of these are gone soon, and the port is free."""
        # The only one that is our own child, and so has to be waited for.
        self.process.wait(END_SECONDS)
        _, alive = psutil.wait_procs(tree, timeout=END_SECONDS)
        assert alive == []
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", self.port)) != 0


@contextmanager
def running(state: Path, *command: str, **options: Any) -> Iterator[Service]:
    service = Service(state, command, **options)
    try:
        yield service.await_ready()
    finally:
        if service.process.poll() is None:
            service.end_by(signal.SIGTERM)


class Kept:
    """One service that tests of a module use one after the other. Where a test has ended it, the
    next finds another in the same state."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._service: Service | None = None

    def running(self) -> Service:
        if self._service is None or self._service.process.poll() is not None:
            self._service = Service(self._state)
        return self._service.await_ready()

    def end(self) -> None:
        if self._service is not None and self._service.process.poll() is None:
            self._service.end_by(signal.SIGTERM)
