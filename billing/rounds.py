"""What is done every hour for as long as the process lives."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from billing import books_checks
from billing.books import revenue
from billing.reconciliation import reconcile

EVERY = timedelta(hours=1)

logger = logging.getLogger(__name__)


def forever() -> None:
    """Until the process is ended, which it may be at any time."""
    with suppress(KeyboardInterrupt):
        while True:
            once()
            time.sleep(EVERY.total_seconds())


def once() -> None:
    try:
        _try("reconciliation", _reconcile)
        _try("recognition of usage", _recognise)
        _try("check of the books", _check_the_books)
    finally:
        _let_go()


def _try(name: str, work: Callable[[], None]) -> None:
    """Whatever fails is left to the next round: the database may be away, and come back."""
    try:
        work()
    except Exception as error:
        logger.error("The %s failed, and is done again in an hour: %s", name, _line(error))


def _reconcile() -> None:
    report = reconcile()
    logger.info("reconciled: %s", ", ".join(f"{n} {name}" for name, n in sorted(report.items())))


def _recognise() -> None:
    revenue.expire_all()
    logger.info("usage: %s entries of revenue", revenue.recognise_all())


def _check_the_books() -> None:
    if books_checks.is_due(timezone.now()):
        done = books_checks.run_and_tell()
        logger.info("the books: %s checks, %s broken", done.checks, done.broken)


def _let_go() -> None:
    """An hour is long to hold a connection for nothing."""
    try:
        connections.close_all()
    except Exception as error:
        logger.warning("A connection was not closed: %s", _line(error))


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
