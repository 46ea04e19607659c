"""How late a job is, by Celery's own schedules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.schedules import crontab
from django.utils import timezone

from billing import tasks
from billing.jobs import standing
from billing.models import Job

MINUTE = timedelta(minutes=1)
Schedule = Any


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> Any:
    def schedule(**entries: Schedule) -> None:
        beat = {
            f"{task} {number}": {"task": task, "schedule": each}
            for task, given in entries.items()
            for number, each in enumerate(given if isinstance(given, list) else [given])
        }
        monkeypatch.setitem(current_app.conf, "beat_schedule", beat)

    return schedule


def ran(name: str, ago: timedelta, **fields: Any) -> None:
    at = timezone.now() - ago
    Job.objects.create(name=name, **{"started_at": at, "succeeded_at": at} | fields)


def only() -> standing.Standing:
    (one,) = standing.standings()
    return one


@pytest.mark.parametrize(
    ("ago", "lag"),
    [(9 * MINUTE, 0 * MINUTE), (10 * MINUTE, 0 * MINUTE), (25 * MINUTE, 15 * MINUTE)],
)
def test_it_is_late_by_what_is_beyond_its_interval(
    db: None, scheduled: Any, ago: timedelta, lag: timedelta
) -> None:
    scheduled(expire=10 * MINUTE)
    ran("expire", ago)
    assert only().lag == pytest.approx(lag, abs=MINUTE / 2)
    assert only().is_late is (lag > MINUTE)
    expected = timezone.now() + max(10 * MINUTE - ago, timedelta(0))
    assert only().next_at == pytest.approx(expected, abs=MINUTE / 2)


def test_seconds_and_crontabs_are_understood(db: None, scheduled: Any) -> None:
    scheduled(mails=10.0, books=crontab(minute="20", hour="1"))
    ran("mails", 5 * MINUTE)
    ran("books", timedelta(days=3))
    books, mails = standing.standings()
    assert mails.lag == pytest.approx(5 * MINUTE, abs=MINUTE)
    assert timedelta(days=1) < books.lag < timedelta(days=3)


def test_of_two_entries_the_next_counts(db: None, scheduled: Any) -> None:
    scheduled(mails=[timedelta(hours=5), timedelta(hours=1)])
    ran("mails", timedelta(hours=2))
    assert only().lag == pytest.approx(timedelta(hours=1), abs=MINUTE)


def test_a_job_that_runs_and_fails_is_late(db: None, scheduled: Any) -> None:
    scheduled(expire=10 * MINUTE)
    long_ago = timezone.now() - timedelta(hours=1)
    ran("expire", MINUTE, succeeded_at=long_ago, failures_in_a_row=5)
    assert only().is_late and only().is_failing
    assert only().next_at == pytest.approx(timezone.now() + 9 * MINUTE, abs=MINUTE / 2)


def test_what_never_ran_is_listed_and_not_late(db: None, scheduled: Any) -> None:
    scheduled(expire=MINUTE)
    assert (only().job.name, only().lag, only().next_at) == ("expire", timedelta(0), None)


def test_what_is_on_no_schedule_is_listed_and_not_late(db: None, scheduled: Any) -> None:
    scheduled()
    Job.objects.create(name="once", succeeded_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert (only().lag, only().next_at) == (timedelta(0), None)


def test_every_task_says_what_it_is_for() -> None:
    own = [name for name in current_app.tasks if not name.startswith(("celery.", "test-"))]
    assert tasks.send_mails.name in own
    assert [name for name in own if not standing.purpose(name)] == []
