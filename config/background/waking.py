"""The relay is woken by whoever commits an event."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import psycopg
from celery import bootsteps

from config.fastpath import database
from ledger.outbox import CHANNEL

# Whatever is told within so many seconds is one task.
PAUSE_SECONDS = 0.1
# How long a notice is waited for before it is looked whether to stop.
WAIT_SECONDS = 1.0
RETRY_SECONDS = 1.0
# So that a database that vanished without a word is noticed.
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

logger = logging.getLogger(__name__)


class Waking(bootsteps.StartStopStep):
    """In the worker: has `relay` done as soon as an event is committed."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._listener: Listener | None = None

    def start(self, parent: Any) -> None:
        relay = parent.app.tasks["relay"]
        self._listener = Listener(lambda: relay.apply_async(retry=False, expires=60))
        self._listener.start()

    def stop(self, parent: Any) -> None:
        if self._listener is not None:
            self._listener.stop()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)


class Listener:
    """Calls `wake` once for all notices of a moment, and once whenever it has connected."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._is_away = False
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="waking", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except Exception as error:
                # Nobody would start this thread again.
                self._log_once(error)
                self._stopped.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        parameters = database() | {"autocommit": True} | KEEPALIVES
        with psycopg.connect(**parameters) as connection:
            connection.execute(f"listen {CHANNEL}")
            self._is_away = False
            self._hint()
            while not self._stopped.is_set():
                if list(connection.notifies(timeout=WAIT_SECONDS, stop_after=1)):
                    self._hint()
                    self._stopped.wait(PAUSE_SECONDS)

    def _hint(self) -> None:
        """The broker may be away: beat has the relay look when it is back."""
        try:
            self._wake()
        except Exception as error:
            logger.warning("The relay was not woken: %s", _line(error))

    def _log_once(self, error: Exception) -> None:
        if not self._is_away:
            logger.warning("Nobody listens for events until PostgreSQL is back: %s", _line(error))
        self._is_away = True


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
