"""The reconciliation, every hour for as long as the process lives."""

import logging
import time
from contextlib import suppress
from datetime import timedelta

from django.db import connections

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
    """Whatever fails is left to the next round: the database may be away, and come back."""
    try:
        report = reconcile()
        logger.info(
            "reconciled: %s", ", ".join(f"{n} {name}" for name, n in sorted(report.items()))
        )
    except Exception as error:
        logger.error("The reconciliation failed, and is done again in an hour: %s", _line(error))
    finally:
        _let_go()


def _let_go() -> None:
    """An hour is long to hold a connection for nothing."""
    try:
        connections.close_all()
    except Exception as error:
        logger.warning("A connection was not closed: %s", _line(error))


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
