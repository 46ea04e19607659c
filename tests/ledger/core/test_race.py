"""Promise 1: 20 simultaneous reserves of 75 against 500. Nothing is mocked."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from psycopg.conninfo import make_conninfo

from accounts.ids import uuid7
from accounts.models import Customer
from ledger import checks, race, services
from ledger.operations import Operation, encode
from tests.factories.ledger import Book


@pytest.fixture
def rich() -> Iterator[Book]:
    """500 credits, whose books are right afterwards."""
    book = Book.funded(race.BALANCE)
    yield book
    assert not any(finding.broken for finding in checks.run(connection, [book.customer_id]))


@pytest.mark.parametrize(("rounds", "key_is_id"), [(200, True), (50, False)])
def test_exactly_six_are_granted_every_time(rich, rounds, key_is_id):
    for answers in race.run(rich.customer_id, rounds, key_is_id=key_is_id):
        assert answers == race.EXPECTED


def test_exactly_six_are_granted_over_several_lots():
    book = Book.new()
    for amount in (race.AMOUNT // 2, race.AMOUNT * 3, race.BALANCE - race.AMOUNT * 7 // 2):
        book.grant(amount)
    for answers in race.run(book.customer_id, 20):
        assert answers == race.EXPECTED


def test_exactly_six_are_granted_by_several_processes(rich):
    with ExitStack() as stack:
        callers = [stack.enter_context(_racer()) for _ in range(race.CALLERS)]
        for _ in range(200):
            answers = _ask_at_once(callers, rich)
            assert answers == race.EXPECTED
            _release_all(rich)


def _racer() -> subprocess.Popen[str]:
    connection.ensure_connection()
    info = connection.connection.info
    database = make_conninfo(info.dsn, password=info.password or None)
    command = [sys.executable, str(Path(__file__).with_name("racer.py")), database]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def _ask_at_once(callers: list[subprocess.Popen[str]], book: Book) -> Counter[str]:
    for caller in callers:
        asked = book.operation(
            "reserve", amount=race.AMOUNT, expires_in=900, key=uuid7(), key_is_id=True, request=0
        )
        print(encode([asked]), file=caller.stdin)
    return Counter(caller.stdout.readline().strip() for caller in callers)


def _release_all(book: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from ledger_hold where customer_id = %s", [book.customer_id])
        holds = [row[0] for row in cursor.fetchall()]
    services.apply([book.operation("release", reservation_id=hold) for hold in holds])


def test_debits_in_lists_do_not_overspend_either(rich):
    """Each caller is a gatherer with a list; together they ask for twice what there is."""
    other = Book.funded(race.BALANCE)
    with ExitStack() as stack:
        callers = [stack.enter_context(_racer()) for _ in range(8)]
        for caller in callers:
            print(encode([rich.operation("refresh")]), file=caller.stdin)
            caller.stdout.readline()
        for number, caller in enumerate(callers):
            books = [rich, other] if number % 2 else [other, rich]
            print(encode([_debit(book) for book in books * 10]), file=caller.stdin)
        for caller in callers:
            caller.stdin.close()
            caller.wait()
    for book in (rich, other):
        assert book.refresh().available == race.BALANCE - race.GRANTED * race.AMOUNT
        assert [move[0] for move in book.transfers()] == ["grant", *["commit"] * race.GRANTED]


def _debit(book: Book) -> Operation:
    return book.operation("debit", amount=race.AMOUNT, key=uuid7(), key_is_id=True, request=0)


def test_the_doctor_runs_the_race_on_this_database():
    output = StringIO()
    call_command("doctor", "--race", "--rounds", "5", stdout=output)
    assert output.getvalue() == "5 times 20 at once: exactly 6 granted\n"


def test_the_doctors_customer_is_thrown_away():
    call_command("doctor", "--race", "--rounds", "1", stdout=StringIO())
    customer = Customer.objects.latest("created_at")
    assert customer.status == "closed"
    assert services.refresh(customer.id).available == 0


def test_the_doctor_says_when_the_race_is_lost(monkeypatch):
    monkeypatch.setattr(race, "EXPECTED", Counter({"ok": 20}))
    with pytest.raises(CommandError, match="round 1: "):
        call_command("doctor", "--race", "--rounds", "1", stdout=StringIO())
