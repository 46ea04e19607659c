"""In each web process: a thread that looks now and then whether the worker works."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.conf import settings
from django.db import connections

from billing.operators import watchdog
from ledger.fastpath.http import Application, Receive, Scope, Send

logger = logging.getLogger(__name__)


class Watching:
    """The application, with the thread beside it for as long as its server runs."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and settings.WATCHDOG_SECONDS:
            with _beside():
                await self._application(scope, receive, send)
        else:
            await self._application(scope, receive, send)


@contextmanager
def _beside() -> Iterator[None]:
    stopping = Event()
    # Nobody waits for it: it may be speaking to a mail server.
    Thread(target=_run, args=[stopping], name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        stopping.set()


def _run(stopping: Event) -> None:
    # A worker that was started with us may still be starting.
    pause = settings.WORKER_SILENT_SECONDS
    while not stopping.wait(pause):
        _look()
        pause = settings.WATCHDOG_SECONDS


def _look() -> None:
    """The database may be away: then there is nowhere to keep what was told."""
    try:
        watchdog.look()
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        logger.warning("The watchdog could not look: %s", told)
    finally:
        # It needs none until it looks again.
        connections.close_all()
