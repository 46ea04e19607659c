"""How each job stands against its schedule, which is Celery's own (`beat_schedule`)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from inspect import getdoc, signature
from typing import Any, Final, NamedTuple

from celery import Task, current_app
from celery.schedules import BaseSchedule, maybe_schedule
from django.utils import timezone

from billing import tasks
from billing.models import Job

_TASKS: Final[Mapping[str, "Task[Any, Any]"]] = {
    task.name: task for task in vars(tasks).values() if isinstance(task, Task)
}


class Standing(NamedTuple):
    """`lag` is how long it should have succeeded again; of what never ran, and of what has no
    schedule, nothing can be said."""

    job: Job
    purpose: str
    next_at: datetime | None
    lag: timedelta

    @property
    def is_late(self) -> bool:
        return self.lag > timedelta(minutes=1)

    @property
    def is_failing(self) -> bool:
        return self.job.failures_in_a_row > 0


def standings() -> list[Standing]:
    """Of all that are on the schedule or ran once, by name."""
    known = {job.name: job for job in Job.objects.all()}
    schedules = _schedules()
    names = sorted(known.keys() | schedules.keys())
    return [_standing(known.get(name) or Job(name=name), schedules[name]) for name in names]


def can_be_asked_for(name: str) -> bool:
    """Whether it is one of ours, of which nothing else has to be said."""
    return name in _TASKS and not signature(_TASKS[name].run).parameters


def ask_for(name: str) -> None:
    """Now, of whichever worker is free. Raises kombu's OperationalError."""
    _TASKS[name].apply_async(retry=False)


def purpose(name: str) -> str:
    """As the task says it."""
    return (getdoc(_TASKS[name].run) or "") if name in _TASKS else ""


def _schedules() -> Mapping[str, list[BaseSchedule]]:
    """Work may be on the schedule twice."""
    found: dict[str, list[BaseSchedule]] = defaultdict(list)
    for entry in (current_app.conf.beat_schedule or {}).values():
        schedule = maybe_schedule(entry["schedule"], app=current_app)
        assert isinstance(schedule, BaseSchedule)
        found[entry["task"]].append(schedule)
    return found


def _standing(job: Job, schedules: list[BaseSchedule]) -> Standing:
    now = timezone.now()
    since_started = _remaining(schedules, job.started_at)
    since_succeeded = _remaining(schedules, job.succeeded_at)
    return Standing(
        job=job,
        purpose=purpose(job.name),
        next_at=None if since_started is None else now + max(since_started, timedelta(0)),
        lag=timedelta(0) if since_succeeded is None else max(-since_succeeded, timedelta(0)),
    )


def _remaining(schedules: list[BaseSchedule], last: datetime | None) -> timedelta | None:
    """Until it is due again; below zero where it is overdue."""
    if last is None or not schedules:
        return None
    return min(schedule.remaining_estimate(last) for schedule in schedules)
