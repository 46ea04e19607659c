"""Every task's base class: when it ran, what came of it, and how often it failed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

from celery import Task
from celery.exceptions import Ignore, Reject, Retry
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from billing.jobs.turns import turn
from billing.models import Job

# No room: two others are at it.
BUSY = "busy"
OUTCOME_MAX = 255
ERROR_MAX = 2000

logger = logging.getLogger(__name__)


class RecordedTask(Task):  # type: ignore[type-arg]
    """Writes two short statements a run, each by itself, so that two runs at once count as two.
    That a run could not be recorded is in the log, and no failure of the run."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with turn(self.name) as has_room:
            return self._do(*args, **kwargs) if has_room else BUSY

    def _do(self, *args: Any, **kwargs: Any) -> Any:
        _record(self.name, started_at=Now())
        began = monotonic()
        try:
            outcome = self.run(*args, **kwargs)
        except (Ignore, Reject, Retry):
            raise
        except Exception as error:
            _failed(self.name, error, _since(began))
            raise
        _succeeded(self.name, outcome, _since(began))
        return outcome


def _succeeded(name: str, outcome: Any, took: timedelta) -> None:
    told = "" if outcome is None else str(outcome)[:OUTCOME_MAX]
    _record(
        name,
        finished_at=Now(),
        succeeded_at=Now(),
        took=took,
        outcome=told,
        runs=F("runs") + 1,
        failures_in_a_row=0,
    )


def _failed(name: str, error: Exception, took: timedelta) -> None:
    told = " ".join(f"{type(error).__name__}: {error}".split())[:ERROR_MAX]
    _record(
        name,
        finished_at=Now(),
        took=took,
        error=told,
        runs=F("runs") + 1,
        failures=F("failures") + 1,
        failures_in_a_row=F("failures_in_a_row") + 1,
    )


def _record(name: str, **values: Any) -> None:
    with _never_failing(name):
        # What failed may have been the connection.
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        job = Job.objects.filter(pk=name)
        if not job.update(**values):
            Job.objects.bulk_create([Job(name=name)], ignore_conflicts=True)
            job.update(**values)


@contextmanager
def _never_failing(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        logger.warning("A run of the job %s was not recorded: %r", name, error)


def _since(began: float) -> timedelta:
    return timedelta(seconds=monotonic() - began)
