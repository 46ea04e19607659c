"""A worker that got stuck ends itself, and whoever keeps it running starts it again."""

import logging
import os
from threading import Event, Thread
from time import monotonic
from typing import Any

from celery import bootsteps
from celery.worker import state
from django.conf import settings

LOOKS_PER_LIMIT = 10

logger = logging.getLogger(__name__)


class Silence(bootsteps.StartStopStep):
    """In the worker. Two ways to be stuck: a connection that is up and brings nothing any more, for
    beat sends a canary all the time; and a task that does not come to its end, for a thread cannot
    be stopped. A worker that is connecting again knows that it hears nothing: that is no silence.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopped = Event()

    def start(self, parent: Any) -> None:
        Thread(target=self._watch, args=[parent], name="silence", daemon=True).start()

    def stop(self, parent: Any) -> None:
        self._stopped.set()

    def terminate(self, parent: Any) -> None:
        self._stopped.set()

    def _watch(self, worker: Any) -> None:
        limits = (settings.WORKER_DEAF_SECONDS, settings.TASK_SECONDS)
        heard_at, accepted = monotonic(), 0
        since: dict[str, float] = {}
        while not self._stopped.wait(min(limits) / LOOKS_PER_LIMIT):
            now = monotonic()
            running = _running()
            if running or accepted != state.all_total_count[0] or not worker.consumer.connection:
                heard_at, accepted = now, state.all_total_count[0]
            since = {task: since.get(task, now) for task in running}
            if now - heard_at > settings.WORKER_DEAF_SECONDS:
                _end("No task came for %s seconds: is beat running?", settings.WORKER_DEAF_SECONDS)
            for task, seen_at in since.items():
                if now - seen_at > settings.TASK_SECONDS:
                    _end(
                        "The task %s has not ended in %s seconds",
                        running[task],
                        settings.TASK_SECONDS,
                    )


def _running() -> dict[str, str]:
    """By their ids. Other threads begin and end tasks meanwhile: the list is copied first."""
    requests = list(state.requests.values())
    return {request.id: request.name for request in requests if request in state.active_requests}


def _end(message: str, *arguments: object) -> None:
    logger.error(f"{message}; the worker ends, to be started again", *arguments)
    # What does not hear, or hangs, may not hear either that it is asked to end.
    os._exit(os.EX_UNAVAILABLE)
