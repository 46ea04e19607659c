"""Promise 19: kill -9 under load, and every acknowledged operation is there once."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from config.state import BASE_DIR
from tests.system import journal
from tests.system.agreement import assert_agreement
from tests.system.books import Books
from tests.system.calls import grant, granted, new_customer, reserve, settle
from tests.system.scenarios import SHORT

WEB, POSTGRES = "config.web", "bin/postgres"
LOADS = [(2, 1000), pytest.param(20, 10_000, marks=pytest.mark.soak)]


@pytest.mark.parametrize(("kills", "calls"), LOADS)
def test_nothing_acknowledged_is_lost_or_doubled(fragile, tmp_path, kills, calls):
    file = tmp_path / "answers.jsonl"
    with _client(fragile, file, calls) as client:
        for number in range(kills):
            # A call has two answers and more, so the load outlasts the last kill.
            _await_answers(file, client, (number + 1) * calls * 2 // (kills + 1))
            fragile.crash((WEB, POSTGRES)[number % 2])
        assert client.wait() == 0
    time.sleep(SHORT[1])

    done = journal.done_once(journal.read(file))
    assert len(done) > calls
    owners = {exchange.customer for exchange in done} - {None}
    with fragile.api() as api:
        for owner in owners:
            assert api.get(f"/customers/cus_{owner.hex}/balance").status == 200
    assert_agreement(Books(fragile, owners), done)
    fragile.assert_books_tie()


@pytest.mark.parametrize("victim", [WEB, POSTGRES])
def test_answers_are_replayed_to_the_byte_after_a_crash(fragile, victim):
    with fragile.api() as api:
        customer = new_customer(api, "100", "100")
        made = granted(reserve(api, customer, "150", f"{victim} reserve"))["id"]
        sent = [
            (f"/reservations/{made}/commit", {"amount": "120.5"}, f"{victim} commit"),
            (f"/reservations/{made}/reverse", {"reason": "Wrong"}, f"{victim} reverse"),
            ("/debits", {"customer": customer, "endpoint": "summarize"}, f"{victim} debit"),
            (f"/customers/{customer}/grants", {"amount": 5, "kind": "promo"}, f"{victim} grant"),
            ("/customers", {"name": "Another"}, f"{victim} customer"),
        ]
        first = [api.post(*request) for request in sent]
        assert {answer.status for answer in first} == {200, 201}
    fragile.crash(victim)
    with fragile.api() as api:
        for request, before in zip(sent, first, strict=True):
            again = api.post(*request)
            assert (again.status, again.body) == (before.status, before.body)
            assert again.is_replayed


def test_an_orderly_end_answers_what_it_accepted(fragile):
    """What is asked while the server stops is answered or refused, never half done."""
    with fragile.api() as api:
        customer = new_customer(api, "10")
        hold = granted(reserve(api, customer, "4", "before the end"))
    fragile.restart()
    with fragile.api() as api:
        again = reserve(api, customer, "4", "before the end")
        assert again.json() == hold
        assert again.is_replayed
        grant(api, customer, "1")
        assert granted(settle(api, "commit", hold["id"]))["balance"]["total"] == "7"


@contextmanager
def _client(installation, file, calls):
    file.touch()
    command = [sys.executable, "-m", "tests.system.client", str(installation.state / "demo.json")]
    command += [str(file), "--calls", str(calls), "--customers", "40", "--threads", "8"]
    with subprocess.Popen(command, cwd=BASE_DIR) as client:
        try:
            yield client
        finally:
            client.kill()


def _await_answers(file, client, number):
    while file.read_bytes().count(b"\n") < number:
        assert client.poll() is None, "the load ended before the last kill"
        time.sleep(0.02)
