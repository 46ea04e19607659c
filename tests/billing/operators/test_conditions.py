"""What the worker finds by itself."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import Client

# As every process has it: runs are recorded.
import config.celery  # noqa: F401
from billing import mails, tasks
from billing.models import Job, Mail, MailState, OperatorNotice, ProviderEvent, RefusedReports
from billing.operators import refused_reports
from billing.providers.sandbox import acts
from billing.reconciliation import Report
from tests.billing.operators.conftest import Receiver
from tests.billing.reports import PATH, post, report, untold
from tests.config.service import free_port
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


def not_signed(times: int) -> None:
    for _ in range(times):
        assert Client().post(PATH, {}, "application/json").status_code == 400


def test_reports_that_are_signed_wrongly(books_tie: None) -> None:
    wrongly_signed(2)
    assert is_open() == []
    wrongly_signed(1)
    assert is_open() == ["Reports of test are refused"]
    acts.pay(order().provider_ref or "")
    assert report(untold()[0]) == "applied"
    assert is_open() == []


def test_a_few_that_are_not_signed_at_all_are_noise(db: None) -> None:
    """As anybody may send them."""
    not_signed(refused_reports.MANY - 1)
    assert is_open() == []


def test_many_that_are_not_signed_are_a_proxy_that_takes_it_away(books_tie: None) -> None:
    not_signed(refused_reports.MANY)
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


def away(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()


def test_mails_that_wait_for_a_server_that_is_away(
    db: None, operators: Receiver, settings: LazySettings
) -> None:
    waiting = Mail.objects.create(kind="x", about="1", to=["a@b.c"], subject="s")
    away(settings)
    with pytest.raises(mails.Unreachable):
        tasks.send_mails()
    assert "ConnectionRefusedError" in Job.objects.get(name="mails").error
    Job.objects.filter(name="mails").update(failures_in_a_row=3)
    Mail.objects.update(created_at=Now() - timedelta(minutes=9))
    assert is_open() == []
    Mail.objects.update(created_at=Now() - timedelta(minutes=11))
    assert is_open() == ["1 mail waits for more than 10 minutes"]
    assert operators.told() == [("operator_notice.began", "mails-wait")]
    assert "ConnectionRefusedError" in operators.calls[0]["data"]["text"]
    waiting.state = MailState.SENT
    waiting.save()
    assert is_open() == []
    assert operators.told()[-1] == ("operator_notice.ended", "mails-wait")


def test_the_job_says_how_many_wait(db: None) -> None:
    Mail.objects.create(kind="x", about="1", to=["a@b.c"], subject="s")
    later = Now() + timedelta(minutes=1)
    Mail.objects.create(kind="x", about="2", to=["a@b.c"], subject="s", due_at=later)
    assert tasks.send_mails() == "1 sent, 1 wait"


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
