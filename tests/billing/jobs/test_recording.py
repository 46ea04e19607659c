"""Every run of a task is recorded, and none fails because it could not be."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import Ignore
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from billing.jobs.recording import RecordedTask
from billing.jobs.turns import AT_ONCE
from billing.models import Job

app = Celery(task_cls=RecordedTask, set_as_current=False)


@app.task(name="test-add")
def add(one: int, other: int) -> int:
    return one + other


@app.task(name="test-nothing")
def nothing() -> None:
    pass


@app.task(name="test-fail")
def fail() -> None:
    raise ValueError("it does\nnot work")


@app.task(name="test-ignored")
def ignored() -> None:
    raise Ignore


def run(task: Any, *args: Any) -> Any:
    """As a worker does."""
    return task.apply(args)


def test_what_came_of_it_is_kept(db: None) -> None:
    assert run(add, 2, 3).result == 5
    job = Job.objects.get()
    assert (job.name, job.outcome, job.runs, job.failures) == ("test-add", "5", 1, 0)
    assert job.started_at and job.finished_at and job.succeeded_at
    assert job.started_at <= job.finished_at == job.succeeded_at
    assert job.took.total_seconds() >= 0


def test_nothing_is_told_of_nothing(db: None) -> None:
    run(nothing)
    assert Job.objects.get().outcome == ""


def test_a_failure_is_counted_and_stays_one(db: None) -> None:
    for _ in range(2):
        assert isinstance(run(fail).result, ValueError)
    job = Job.objects.get()
    assert job.error == "ValueError: it does not work"
    assert (job.runs, job.failures, job.failures_in_a_row, job.succeeded_at) == (2, 2, 2, None)


def test_a_success_ends_the_row_of_failures(db: None) -> None:
    Job.objects.create(name="test-add", failures=5, failures_in_a_row=3, error="ValueError: 1")
    run(add, 1, 1)
    job = Job.objects.get()
    assert (job.failures, job.failures_in_a_row, job.error) == (5, 0, "ValueError: 1")


def test_what_is_put_off_is_no_failure(db: None) -> None:
    run(ignored)
    job = Job.objects.get()
    assert (job.runs, job.failures, job.finished_at) == (0, 0, None)


def test_it_costs_two_statements_and_its_turn(db: None) -> None:
    run(add, 1, 1)
    with CaptureQueriesContext(connection) as queries:
        run(add, 1, 1)
    assert len([query for query in queries if "advisory" not in query["sql"]]) == 2
    assert len(queries) == 4


def test_runs_at_once_are_all_counted(committed: None) -> None:
    together = Barrier(AT_ONCE)

    def four(_: int) -> None:
        together.wait()
        for _ in range(4):
            run(add, 1, 1)
        connections.close_all()

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(four, range(AT_ONCE)))
        assert Job.objects.get(name="test-add").runs == 4 * AT_ONCE
    finally:
        Job.objects.all().delete()


def test_that_it_cannot_be_recorded_is_no_failure(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(Job.objects, "filter", away)
    assert run(add, 2, 2).result == 4
    assert "test-add was not recorded" in caplog.text
