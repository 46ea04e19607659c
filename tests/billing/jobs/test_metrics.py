"""What Prometheus is told of jobs, whichever process it asks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client

from billing.jobs import metrics
from billing.models import Job, Mail
from ledger import outbox
from tests.factories.ledger import new_customer

NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


@pytest.fixture(params=["one process", "several"])
def scraped(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if request.param == "several":
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))


@pytest.fixture
def schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"every hour": {"task": "test-late", "schedule": timedelta(hours=1)}}
    monkeypatch.setitem(current_app.conf, "beat_schedule", entries)


def told(client: Client) -> dict[str, float]:
    lines = client.get("/metrics").content.decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line.startswith("drawdown_"))
    return {name: float(value) for name, _, value in pairs}


def test_each_job_has_its_figures(db: None, client: Client, scraped: None, schedule: None) -> None:
    Job.objects.create(name="test-late", succeeded_at=NOON, runs=7, failures=2)
    figures = told(client)
    succeeded = figures['drawdown_job_last_success_timestamp_seconds{job="test-late"}']
    assert succeeded == NOON.timestamp()
    assert figures['drawdown_job_runs_total{job="test-late"}'] == 7
    assert figures['drawdown_job_failures_total{job="test-late"}'] == 2
    late = datetime.now(UTC) - NOON - timedelta(hours=1)
    lag = figures['drawdown_job_lag_seconds{job="test-late"}']
    assert lag == pytest.approx(late.total_seconds(), abs=60)


def test_what_waits_is_counted(db: None, client: Client, scraped: None) -> None:
    before = told(client)["drawdown_outbox_events"]
    outbox.tell(new_customer(), "balance.low")
    Mail.objects.create(kind="k", about="1", to=["a@b.c"], subject="s")
    Mail.objects.create(kind="k", about="2", to=["a@b.c"], subject="s", state="sent")
    Mail.objects.filter(about="1").update(due_at=Now() - timedelta(minutes=5))
    figures = told(client)
    assert figures["drawdown_outbox_events"] == before + 1
    assert figures["drawdown_outbox_age_seconds"] >= 0
    assert figures["drawdown_mails_due"] == 1
    assert figures["drawdown_mails_age_seconds"] == pytest.approx(300, abs=60)


def test_without_a_database_the_others_are_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(metrics, "standings", away)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"process_resident_memory_bytes" in answer.content
    assert b"drawdown_job" not in answer.content
    assert "could not be read" in caplog.text
