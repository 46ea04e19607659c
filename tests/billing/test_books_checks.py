"""The books are checked nightly and on demand, and what was found is kept."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.management import call_command
from django.db import ProgrammingError, connection, connections, transaction

from accounts.models import User
from billing import books_checks, mails
from billing.models import BooksCheck, Mail, NoticeKind
from ledger import checks
from tests.factories.accounts import UserFactory
from tests.factories.ledger import Book

KIND = NoticeKind.BOOKS_BROKEN
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


@pytest.fixture
def own_snapshot(committed: None) -> Iterator[None]:
    """Outside of any transaction; the rows are gone in the end."""
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("delete from billing_bookscheck")
        cursor.execute("delete from billing_operatornotice")
        cursor.execute("delete from billing_mail where kind = %s", [KIND])


@pytest.fixture
def broken(settings: LazySettings, own_snapshot: None) -> None:
    settings.CHECKS = ["tests.billing.suites.BROKEN"]
    settings.OPERATORS = ["ops@example.com"]
    settings.PUBLIC_URL = "https://credits.example.com"


def ran(at: datetime, asked_by: User | None = None) -> None:
    BooksCheck.objects.create(
        started_at=at, finished_at=at, asked_by=asked_by, checks=1, broken=0, findings=[]
    )


def test_a_run_has_every_check_and_when_it_was(own_snapshot: None) -> None:
    before = datetime.now(UTC)
    done = books_checks.run()
    kept = BooksCheck.objects.get()
    assert before < kept.started_at < kept.finished_at < datetime.now(UTC)
    assert kept.asked_by is None
    names = {finding["name"] for finding in kept.findings}
    assert {"wallet-balance", "versions", "cash", "refund-parts", "clearing"} <= names
    assert len(names) == kept.checks == done.checks > 40


def test_the_rows_that_break_a_check_are_kept_as_people_read_them(own_snapshot: None) -> None:
    book = Book.funded(50)
    name = f"cus_{book.customer_id.hex}"
    with connections["owner"].cursor() as cursor:
        change = "update ledger_wallet set held = held + %s where customer_id = %s"
        cursor.execute(change, [1, book.customer_id])
        try:
            done = books_checks.run()
        finally:
            cursor.execute(change, [-1, book.customer_id])
    kept = {finding["name"]: finding for finding in BooksCheck.objects.get().findings}
    assert done.broken >= 1
    assert kept["wallet-held"]["broken"] >= 1
    assert {"customer": name, "held": 1, "by_holds": 0} in kept["wallet-held"]["rows"]
    assert kept["versions"]["rows"] == []


def test_more_rows_are_counted_than_kept(broken: None) -> None:
    books_checks.run()
    (kept,) = [one for one in BooksCheck.objects.get().findings if one["broken"]]
    assert (kept["name"], kept["broken"], len(kept["rows"])) == ("is-broken", 25, 20)


def test_operators_are_told_by_name(broken: None, caplog: pytest.LogCaptureFixture) -> None:
    done = books_checks.run_and_tell()
    assert (done.checks, done.broken) == (2, 1)
    mails.send_due([KIND])
    (told,) = mail.outbox
    assert told.to == ["ops@example.com"]
    assert told.subject == "[Drawdown] The books do not balance: 1 of 2 checks"
    assert "is-broken: It does not hold (25)" in told.body
    assert "holds: " not in told.body
    assert f"https://credits.example.com/admin/billing/bookscheck/{done.pk}/" in told.body
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == f"The books do not balance (check {done.pk}): is-broken"


def test_they_are_told_once_and_when_it_is_over(broken: None, settings: LazySettings) -> None:
    for _ in range(2):
        books_checks.run_and_tell()
    settings.CHECKS = ["tests.billing.suites.BALANCED"]
    for _ in range(2):
        books_checks.run_and_tell()
    mails.send_due([KIND])
    assert [told.subject for told in mail.outbox] == [
        "[Drawdown] The books do not balance: 1 of 2 checks",
        "[Drawdown] Over: The books do not balance: 1 of 2 checks",
    ]


def test_who_asks_sees_it_and_nobody_is_mailed(broken: None) -> None:
    books_checks.run()
    assert not Mail.objects.filter(kind=KIND).exists()


def test_nobody_is_told_that_all_is_well(broken: None, settings: LazySettings) -> None:
    settings.CHECKS = ["tests.billing.suites.BALANCED"]
    assert books_checks.run_and_tell().broken == 0
    assert not Mail.objects.filter(kind=KIND).exists()


def test_the_command_for_cron_keeps_it_and_ends_with_1(
    broken: None, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("check_books")
    assert ended.value.code == 1
    assert Mail.objects.filter(kind=KIND).count() == BooksCheck.objects.count() == 1
    settings.CHECKS = ["tests.billing.suites.BALANCED"]
    call_command("check_books")
    assert capsys.readouterr().out.endswith("1 checks, 0 broken\n")


def test_the_service_may_add_runs_and_change_none(db: None) -> None:
    ran(NOON)
    for sql in ("update billing_bookscheck set broken = 0", "delete from billing_bookscheck"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("ago", "hour", "due"),
    [
        (timedelta(minutes=59), 1, False),
        (timedelta(minutes=61), 1, True),
        (timedelta(hours=5), 5, False),
        (timedelta(hours=23, minutes=1), 0, True),
        (timedelta(hours=23, minutes=1), 5, True),
        (timedelta(hours=23, minutes=1), 6, False),
        (timedelta(hours=46, minutes=59), 12, False),
        (timedelta(hours=47, minutes=1), 12, True),
    ],
)
def test_it_is_due_at_night_or_after_two_days(
    db: None, ago: timedelta, hour: int, due: bool
) -> None:
    now = NOON.replace(hour=hour)
    ran(now - ago)
    assert books_checks.is_due(now) is due


def test_it_is_due_where_it_never_was(db: None) -> None:
    assert books_checks.is_due(NOON)


def test_one_that_a_person_asked_for_puts_off_none(db: None) -> None:
    night = NOON.replace(hour=0)
    ran(night - timedelta(days=1))
    ran(night - timedelta(hours=1), asked_by=UserFactory.create())
    assert books_checks.is_due(night)


def test_every_night_has_one_of_hourly_rounds(db: None) -> None:
    """Rounds drift by what they take."""
    runs, now = [], NOON
    for _ in range(24 * 10):
        if books_checks.is_due(now):
            ran(now)
            runs.append(now.date())
        now += timedelta(hours=1, seconds=40)
    assert runs == [NOON.date() + timedelta(days=nights) for nights in range(11)]


def test_the_ledger_knows_nothing_of_the_room_above(settings: LazySettings, db: None) -> None:
    settings.CHECKS = ["ledger.checks.CHECKS"]
    found = {finding.check.name for finding in checks.run(connection)}
    assert "wallet-balance" in found
    assert "cash" not in found
