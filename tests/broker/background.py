"""A real worker and a real beat, on a database and a broker that tests stop under them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.celery import EVERY
from config.embedded import cluster
from config.state import BASE_DIR
from tests.broker.database import Database
from tests.broker.servers import await_true

OWED = "select count(*) from ledger_outbox"
DONE_SINCE = "select count(*) from billing_job where finished_at > %s"
HEARTBEAT = "select succeeded_at from billing_job where name = 'canary'"
# A killed worker's tasks come again after a fifth more.
TASK_SECONDS = 8


class Background:
    def __init__(self, database: Database, url: str, log: Path, **environment: str) -> None:
        self._database = database
        self._environment = {
            "PATH": os.environ["PATH"],
            "STATE": str(log.parent),
            "DATABASE_URL": database.url(cluster.APPLICATION),
            "OWNER_DATABASE_URL": database.url(cluster.OWNER),
            "CELERY_BROKER_URL": url,
            "SECRET_KEY": "for-tests-only",
            "KEY_PEPPER": "for-tests-only",
            "LOG_LEVEL": "WARNING",
            "TASK_SECONDS": str(TASK_SECONDS),
            **environment,
        }
        self._log = log
        self.worker: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None

    def manage(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=BASE_DIR,
                env=self._environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def manage_and_read(self, *command: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=BASE_DIR,
            env=self._environment,
            capture_output=True,
            check=True,
            text=True,
        ).stdout

    def said(self) -> str:
        return self._log.read_text()

    def start_worker(self) -> None:
        self.worker = self.manage("worker")

    def start_beat(self) -> None:
        self.beat = self.manage("beat")

    def start(self) -> None:
        """Until all that is due at the start is done."""
        now = self._database.rows("select clock_timestamp()")[0]
        self.start_worker()
        self.start_beat()
        await_true(lambda: self._database.rows(DONE_SINCE, now) == [(len(EVERY),)])

    def tell(self, events: int = 1, *, announced: bool = True) -> None:
        """Events, as whatever changes a balance writes and announces them."""
        with self._database.connect() as connection:
            for _ in range(events):
                connection.execute("select ledger_announce(gen_random_uuid(), 'test', null, '{}')")
            if announced:
                connection.execute("notify ledger_outbox")

    def owes(self) -> int:
        ((owed,),) = self._database.rows(OWED)
        return int(owed)

    def same_processes(self) -> bool:
        return all(process and process.poll() is None for process in (self.worker, self.beat))

    def kill_worker(self) -> None:
        """With whatever it is in the middle of; another takes its place."""
        _kill(self.worker)
        self.start_worker()

    def stop_beat(self) -> None:
        _kill(self.beat)

    def kill_beat(self) -> None:
        self.stop_beat()
        self.start_beat()

    def kill(self) -> None:
        _kill(self.worker)
        _kill(self.beat)


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()


@contextmanager
def running(database: Database, url: str, log: Path, **environment: str) -> Iterator[Background]:
    background = Background(database, url, log, **environment)
    try:
        background.start()
        yield background
    finally:
        background.kill()
