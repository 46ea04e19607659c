"""The command itself, as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connections

from billing.books.scenarios.database import RUN
from config.state import BASE_DIR

HERE = Path(__file__).parent
FAILING = """
events:
  - {at: 2025-01-05, purchase: {id: p1, customer: a, credits: 1000, price: "100.00"}}
  - {at: 2025-01-06, refund: {purchase: p1, credits: 1001}}
  - {at: 2025-01-06, expect: {balances: {"2100": "99.00", "4100": 0}, credits: {a: {available: 1}}}}
"""


def started(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "scenario", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=BASE_DIR, stdout=pipe, stderr=pipe, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def databases() -> set[str]:
    """Of runs."""
    with connections["owner"].copy().cursor() as cursor:
        cursor.execute("select datname from pg_database where starts_with(datname, %s)", [RUN])
        return {name for (name,) in cursor.fetchall()}


def test_two_at_once_print_the_books_and_leave_nothing(server: None) -> None:
    before = databases()
    runs = [started(HERE / "e01.yaml", "--json"), started(HERE / "e02.yaml", "--json")]
    (sold, out, errors), (given, other, more_errors) = map(ended, runs)
    assert (sold, errors, given, more_errors) == (0, "", 0, "")
    assert json.loads(out)["balances"]["USD"]["2100"] == "100.00"
    assert json.loads(other)["balances"]["CR"]["U20"] == "500"
    assert databases() <= before


def test_people_read_tables(server: None) -> None:
    code, out, _ = ended(started(HERE / "g1-remote.yaml"))
    assert code == 0
    assert "2025-12 closed, USD" in out
    assert "breakage revenue" in out


def test_what_is_not_as_expected_exits_with_1(server: None, tmp_path: Path) -> None:
    file = tmp_path / "failing.yaml"
    file.write_text(FAILING)
    code, out, errors = ended(started(file, "--json"))
    assert code == 1
    assert errors.splitlines() == [
        "event 3 (expect): 2100 USD is 100.00, not 99.00",
        "event 3 (expect): available of a is 1000, not 1",
    ]
    assert json.loads(out)["refused"] == [
        {"at": "2025-01-06", "event": "refund", "error": "refund-too-large"}
    ]


def test_a_mistaken_file_exits_with_2(server: None, tmp_path: Path) -> None:
    file = tmp_path / "mistaken.yaml"
    file.write_text("events:\n  - {at: 2025-01-05, close: soon}\n")
    code, out, errors = ended(started(file, "--json"))
    assert (code, out) == (2, "")
    assert "event 1 (close): 'soon' is no month" in errors
    assert ended(started(tmp_path / "absent.yaml"))[0] == 2


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_run_leaves_the_next_drops(server: None, by: signal.Signals) -> None:
    before = databases()
    process = started(HERE / "g1.yaml")
    deadline = time.monotonic() + 60
    while not (left := databases() - before):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, by)
    process.communicate(timeout=60)
    assert ended(started(HERE / "e02.yaml"))[0] == 0
    assert not left & databases()
