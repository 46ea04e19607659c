"""What is remembered for a time only is forgotten after it, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.models import IdempotentReply
from billing import tasks
from billing.jobs import housekeeping
from billing.models import Mail, MailState
from ledger import services
from tests.factories.accounts import CustomerFactory, ServiceFactory, UserFactory
from tests.factories.ledger import Book, Clock

A_MONTH = timedelta(days=30)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)


def remember(number: int, age: timedelta) -> None:
    customer, service = CustomerFactory(), ServiceFactory()
    for key in range(number):
        reply = IdempotentReply.objects.create(
            customer=customer, service=service, key=str(key), request_hash=1, status=200, body=b""
        )
        IdempotentReply.objects.filter(pk=reply.pk).update(created_at=Now() - age)


def test_replies_are_forgotten_after_30_days(db: None) -> None:
    remember(5, A_MONTH + A_MINUTE)
    remember(3, A_MONTH - A_MINUTE)
    assert tasks.forget_replies() == "5 replies, 0 keys"
    assert IdempotentReply.objects.count() == 3
    assert tasks.forget_replies() == "0 replies, 0 keys"


@pytest.fixture
def clock(committed: None) -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


def keys_of(book: Book) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_key where customer_id = %s", [book.customer_id])
        return cursor.fetchall()[0][0]


def test_callers_keys_are_forgotten_and_our_own_are_not(clock: Clock) -> None:
    book = Book.funded(100)
    for _ in range(3):
        book.debit(1, key=uuid4(), request=7)
    for _ in range(2):
        services.grant(book.customer_id, amount=5, kind="promo", key=f"of {book.customer_id}")
    assert keys_of(book) == 4
    tasks.forget_replies()
    assert keys_of(book) == 4
    clock.forward((A_MONTH + A_MINUTE).total_seconds())
    assert tasks.forget_replies().startswith("0 replies, ")
    assert keys_of(book) == 1
    services.grant(book.customer_id, amount=5, kind="promo", key=f"of {book.customer_id}")
    assert sum(book.lots().values()) == 102


def test_nobody_makes_it_forget_sooner(clock: Clock) -> None:
    book = Book.funded(100)
    book.debit(1, key=uuid4(), request=7)
    housekeeping.ledger.forget_keys(timedelta(0), at_most=1000)
    assert keys_of(book) == 1


def sent(age: timedelta, state: MailState = MailState.SENT) -> Mail:
    mail = Mail.objects.create(
        kind="test",
        about=f"{age} {state}",
        to=["a@example.com"],
        subject="Sent",
        text="text",
        html="<p>",
        state=state,
    )
    Mail.objects.filter(pk=mail.pk).update(created_at=Now() - age)
    return mail


def test_mails_are_emptied_after_90_days(db: None) -> None:
    for days in (91, 92, 93):
        sent(timedelta(days=days))
    kept = sent(timedelta(days=89)), sent(timedelta(days=91), MailState.DUE)
    assert tasks.forget_mail_bodies() == 3
    assert set(Mail.objects.exclude(text="")) == set(kept)
    assert not Mail.objects.filter(text="").exclude(html="").exists()
    assert tasks.forget_mail_bodies() == 0


def test_sessions_that_ended_are_forgotten(db: None, client: Client) -> None:
    client.force_login(UserFactory())
    other = Client()
    other.force_login(UserFactory())
    Session.objects.filter(pk=other.session.session_key).update(expire_date=timezone.now())
    tasks.forget_sessions()
    assert [row.pk for row in Session.objects.all()] == [client.session.session_key]


def test_partitions_are_there_for_two_months_at_least(clock: Clock) -> None:
    """Also where the task did not run for a month."""
    tasks.make_partitions()
    last = timezone.now() + timedelta(days=62)
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [f"ledger_call_y{last:%Y}m{last:%m}"])
        assert cursor.fetchall() != [(None,)]
    assert tasks.make_partitions() == 0


def test_what_expired_is_entered_and_what_was_used_is_revenue(clock: Clock) -> None:
    book = Book.funded(100)
    book.grant(50, expires_at=clock.after(60))
    clock.forward(61)
    assert tasks.expire_what_is_due() >= 1
    assert list(book.lots().values()) == [100, 0]
    assert tasks.expire_what_is_due() == 0
    book.grant(100, kind="paid", priority=1)
    book.debit(10)
    assert tasks.recognise_revenue() >= 1
    assert tasks.recognise_revenue() == 0
