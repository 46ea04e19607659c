"""An installation of its own: the real `manage.py run` on its own database, to call, look into,
crash and start again."""

import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from config.embedded import cluster
from config.embedded.place import Place
from config.state import BASE_DIR, State
from tests import clusters
from tests.config.service import Service, environment
from tests.system.http import Api

Row = dict[str, Any]

_MAKE_KEYS = """
from accounts import models, services
for name, scopes in {keys!r}:
    service, _ = models.Service.objects.get_or_create(name=name)
    print(services.create_service_key(service=service, scopes=scopes).secret)
"""


class Installation:
    def __init__(self, folder: Path, *, processes: int = 1, **settings: str) -> None:
        self.state = folder / "state"
        self._processes = processes
        chosen = [f"WEB_PROCESSES={processes}", "LOG_LEVEL=INFO"]
        chosen += [f"{name}={value}" for name, value in settings.items()]
        self._command = ("env", *chosen, sys.executable, "manage.py", "run")
        clusters.copy_to(Place.of(State(self.state)))
        self.service = self._start()

    def restart(self) -> None:
        self.service.end_by(signal.SIGTERM)
        self.service = self._start()

    def crash(self, victim: str) -> None:
        """kill -9 of one process, which ends them all; then started again."""
        tree = self.service.tree()
        self.service.find(victim).kill()
        self.service.assert_gone(tree)
        self.service = self._start()

    def stop(self) -> None:
        if self.service.process.poll() is None:
            self.service.end_by(signal.SIGTERM)

    def api(self, secret: str | None = "") -> Api:
        """As the service that may do everything, or with this key, or with none."""
        demo = self.service.demo()
        return Api(demo["base_url"], demo["service_key"] if secret == "" else secret)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._connected() as connection:
            return connection.execute(query, parameters).fetchall()

    def alter(self, statement: str) -> None:
        """As the owner."""
        with self._connected() as connection:
            connection.execute(statement.encode())

    def shift_clock(self, interval: str) -> None:
        """The ledger's time goes on by so much, as only the owner can make it."""
        with self._connected() as connection:
            connection.execute("update ledger_clock set shift = shift + %s::interval", [interval])

    def new_service_keys(self, *keys: tuple[str, Sequence[str]]) -> list[str]:
        """A key for each service and list of scopes."""
        script = _MAKE_KEYS.format(keys=keys)
        return self.manage("shell", "--verbosity=0", "--command", script).split()

    def manage(self, *command: str) -> str:
        outcome = self._run(*command)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout.strip()

    def assert_books_tie(self) -> None:
        """Every invariant of the ledger holds."""
        document = json.loads(self._run("verify_ledger", "--json").stdout)
        assert [check for check in document["checks"] if check["broken"]] == []
        assert len(document["checks"]) > 20

    @contextmanager
    def callers(self, number: int) -> Iterator[list[Api]]:
        """So many open connections, as many to each of the web processes."""
        share = number // self._processes
        by_process: dict[int, list[Api]] = defaultdict(list)
        with ExitStack() as opened:
            while sum(len(own) >= share for own in by_process.values()) < self._processes:
                assert sum(map(len, by_process.values())) < 1000, "one process takes them all"
                some = [opened.enter_context(self.api()) for _ in range(number)]
                with ThreadPoolExecutor(number) as pool:
                    list(pool.map(lambda api: api.get("healthz"), some))
                for api, process in zip(some, self._processes_of(some), strict=True):
                    by_process[process].append(api)
            yield [api for own in by_process.values() for api in own[:share]]

    def _processes_of(self, callers: Sequence[Api]) -> list[int]:
        serving = {
            connection.raddr.port: process.pid
            for process, words in self.service.each("cmdline")
            if "config.web" in words
            for connection in process.net_connections("tcp4")
            if connection.raddr
        }
        return [serving[api.local_port()] for api in callers]

    def _start(self) -> Service:
        command = (*self._command, "--port", "{port}")
        return Service(self.state, command).await_ready()

    def _connected(self) -> psycopg.Connection[Row]:
        return psycopg.connect(
            host=str(Place.of(State(self.state)).sockets),
            user=cluster.OWNER,
            dbname=cluster.DATABASE,
            row_factory=dict_row,
        )

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=BASE_DIR,
            env=environment(self.state),
            capture_output=True,
            text=True,
        )


@contextmanager
def installed(folder: Path, *, processes: int = 1, **settings: str) -> Iterator[Installation]:
    """Whatever was done in between, the books tie at the end."""
    folder.mkdir(mode=0o755)
    installation = Installation(folder, processes=processes, **settings)
    try:
        yield installation
        installation.assert_books_tie()
    finally:
        installation.stop()
