"""What the worker finds by itself."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from billing import tasks
from billing.models import Job, Mail, MailState, OperatorNotice, ProviderEvent, RefusedReports
from billing.providers.sandbox import acts
from billing.reconciliation import Report
from tests.billing.operators.conftest import Receiver
from tests.billing.reports import post, report, untold
from tests.factories.billing import order

pytestmark = pytest.mark.usefixtures("operators")


def is_open() -> list[str]:
    """After the worker has looked."""
    tasks.tell_operators()
    return [notice.title for notice in OperatorNotice.objects.filter(ended_at=None).order_by("pk")]


def test_nothing_is_nothing(db: None) -> None:
    assert is_open() == []


def test_a_job_that_failed_three_times_in_a_row(db: None, operators: Receiver) -> None:
    job = Job.objects.create(name="relay", failures_in_a_row=2, error="ValueError: no")
    assert is_open() == []
    job.failures_in_a_row = 3
    job.save()
    assert is_open() == ["The job relay fails"]
    assert "ValueError: no" in operators.calls[0]["data"]["text"]
    job.failures_in_a_row = 0
    job.save()
    assert is_open() == []
    assert operators.told()[-1] == ("operator_notice.ended", "job-failing")


def wrongly_signed(times: int) -> None:
    for _ in range(times):
        assert post("{}", secret=b"another").status_code == 400


def test_reports_that_are_signed_wrongly(books_tie: None) -> None:
    wrongly_signed(2)
    assert is_open() == []
    wrongly_signed(1)
    assert is_open() == ["Reports of test are refused"]
    acts.pay(order().provider_ref or "")
    assert report(untold()[0]) == "applied"
    assert is_open() == []


def test_they_are_forgotten_after_an_hour(db: None) -> None:
    wrongly_signed(3)
    RefusedReports.objects.update(last_at=Now() - timedelta(hours=1, minutes=1))
    assert is_open() == []
    wrongly_signed(2)
    assert is_open() == []


def test_reports_that_nothing_came_of(books_tie: None) -> None:
    acts.pay(order().provider_ref or "")
    report(untold()[0])
    stuck = ProviderEvent.objects.all()
    stuck.update(state="received", received_at=Now() - timedelta(minutes=9))
    assert is_open() == []
    stuck.update(received_at=Now() - timedelta(minutes=11))
    assert is_open() == ["Reports of test are not decided"]
    stuck.update(state="applied")
    assert is_open() == []


def test_mails_that_failed_for_good(db: None) -> None:
    Mail.objects.create(
        kind="x", about="1", to=["a@b.c"], subject="s", state=MailState.FAILED, error="550 no"
    )
    assert is_open() == ["1 mail was not taken by the mail server"]
    assert "550 no" in OperatorNotice.objects.get().text
    Mail.objects.filter(kind="x").update(due_at=Now() - timedelta(days=1, minutes=1))
    assert is_open() == []


def test_a_reconciliation_that_differs(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = iter([Report(applied=3), Report(applied=3, refused=1), Report(failed=1), Report()])
    monkeypatch.setattr("billing.operators.reconciling.reconcile", lambda: next(reports))
    seen = []
    for _ in range(4):
        outcome = tasks.reconcile_payments()
        seen.append((outcome, len(is_open())))
    assert seen == [("3 applied", 0), ("3 applied, 1 refused", 1), ("1 failed", 1), ("", 0)]
    assert OperatorNotice.objects.count() == 1
