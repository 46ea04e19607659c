"""A worker that is silent cannot tell it: the web processes do, and bear with all else."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.db.models.functions import Now

from billing.models import Job, Mail, OperatorNotice
from billing.operators import watchdog
from ledger import outbox
from tests.billing.operators.conftest import SECRET, Receiver
from tests.billing.operators.web import database, serving
from tests.factories.ledger import Book, Clock

GRACE_SECONDS = 2.0
NOWHERE = {"DATABASE_URL": "host=127.0.0.1 port=9 user=nobody dbname=none"}
# What the watchdog does not send.
OTHER = "other"
BEGAN, ENDED = "operator_notice.began", "operator_notice.ended"


@pytest.fixture
def swept(committed: None) -> Iterator[None]:
    """Everything here is committed."""
    _sweep()
    yield
    _sweep()


def _sweep() -> None:
    with connections["owner"].cursor() as cursor:
        for table in ("noticecall", "operatornotice", "job"):
            cursor.execute(f"delete from billing_{table}")
        cursor.execute("delete from billing_mail where kind = any(%s)", [[*watchdog.KINDS, OTHER]])
        cursor.execute("delete from ledger_outbox")


def chosen(receiver: Receiver, database: dict[str, str]) -> dict[str, str]:
    return database | {
        "OPERATORS": "ops@example.com",
        "OPERATORS_WEBHOOK_URL": receiver.url,
        "OPERATORS_WEBHOOK_SECRET": SECRET,
        "WORKER_SILENT_SECONDS": str(GRACE_SECONDS),
        "WATCHDOG_SECONDS": "0.1",
    }


def canary_sang() -> None:
    """Just now, and for a while."""
    until = Now() + timedelta(minutes=1)
    Job.objects.update_or_create(name=watchdog.CANARY, defaults={"succeeded_at": until})


def test_web_processes_tell_that_the_worker_is_silent_and_that_it_is_back(
    swept: None, receiver: Receiver, tmp_path: Path
) -> None:
    began = time.monotonic()
    with serving(tmp_path, number=2, **chosen(receiver, database())) as web:
        receiver.await_calls(1)
        assert time.monotonic() - began > GRACE_SECONDS
        canary_sang()
        receiver.await_calls(2)
        assert web.is_up()
    assert receiver.told() == [(BEGAN, "worker-silent"), (ENDED, "worker-silent")]
    assert [mail.state for mail in Mail.objects.filter(kind__in=watchdog.KINDS)] == ["sent", "sent"]
    assert len(list((tmp_path / "mails").iterdir())) >= 1


def test_what_only_the_worker_sends_is_left_to_it(
    swept: None, receiver: Receiver, tmp_path: Path
) -> None:
    other = Mail.objects.create(kind=OTHER, about="1", to=["a@example.com"], subject="s")
    with serving(tmp_path, **chosen(receiver, database())):
        receiver.await_calls(1)
    other.refresh_from_db()
    assert (other.state, other.attempts) == ("due", 0)


def test_they_tell_of_events_that_wait(swept: None, receiver: Receiver, tmp_path: Path) -> None:
    canary_sang()
    clock, book = Clock(), Book.new()
    outbox.tell(book.customer_id, "balance.low")
    clock.forward(61)
    try:
        with serving(tmp_path, **chosen(receiver, database())):
            receiver.await_calls(1)
            with connections["owner"].cursor() as cursor:
                cursor.execute("delete from ledger_outbox")
            receiver.await_calls(2)
    finally:
        clock.reset()
    assert receiver.told() == [(BEGAN, "relay-late"), (ENDED, "relay-late")]


def test_a_worker_that_works_is_nothing_to_tell_of(swept: None, operators: Receiver) -> None:
    canary_sang()
    watchdog.look()
    assert not OperatorNotice.objects.exists()


def test_two_minutes_are_silence(swept: None, operators: Receiver) -> None:
    for seconds, silent in ((119, False), (121, True)):
        at = Now() - timedelta(seconds=seconds)
        Job.objects.update_or_create(name=watchdog.CANARY, defaults={"succeeded_at": at})
        assert watchdog.is_silent() is silent


def test_without_a_database_requests_are_answered_as_before(
    receiver: Receiver, tmp_path: Path
) -> None:
    with serving(tmp_path, **chosen(receiver, NOWHERE)) as web:
        web.await_saying("The watchdog could not look")
        assert web.is_up()
    assert receiver.calls == []


def test_it_can_be_turned_off(swept: None, receiver: Receiver, tmp_path: Path) -> None:
    settings = chosen(receiver, NOWHERE) | {"WATCHDOG_SECONDS": "0", "WORKER_SILENT_SECONDS": "0"}
    with serving(tmp_path, **settings) as web:
        assert web.is_up()
    assert "watchdog" not in web.said()
