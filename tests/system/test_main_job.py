"""The main job: a client in a process of its own, and the books that its calls leave behind."""

import subprocess
import sys
import time
from collections import Counter

import pytest

from config.state import BASE_DIR
from tests.system import journal
from tests.system.agreement import assert_agreement
from tests.system.books import Books
from tests.system.scenarios import SHORT

# Calls, customers, and of how many of these one is read through the API.
SIZES = [(2000, 50, 5), pytest.param(20_000, 500, 1, marks=pytest.mark.soak)]


@pytest.mark.parametrize(("calls", "customers", "one_in"), SIZES)
def test_answers_agree_with_the_ledger_row_by_row(one, tmp_path, calls, customers, one_in):
    file = tmp_path / "answers.jsonl"
    command = [sys.executable, "-m", "tests.system.client", str(one.state / "demo.json"), str(file)]
    sizes = ["--calls", str(calls), "--customers", str(customers), "--seed", str(calls)]
    subprocess.run([*command, *sizes], cwd=BASE_DIR, check=True)
    time.sleep(SHORT[1])

    exchanges = journal.read(file)
    done = journal.done_once(exchanges)
    owners = {exchange.customer for exchange in done} - {None}
    assert len(owners) == customers
    with one.api() as api:
        for owner in owners:
            assert api.get(f"/customers/cus_{owner.hex}/balance").status == 200
        books = Books(one, owners)
        assert_agreement(books, done)
        for owner in sorted(owners)[::one_in]:
            books.assert_api_says_the_same(api, owner)
    _assert_much_happened(exchanges, calls)
    one.assert_books_tie()


def _assert_much_happened(exchanges, calls):
    """Otherwise agreement would mean little."""
    statuses = Counter((exchange.op, exchange.status) for exchange in exchanges)
    assert statuses["reserve", 201] > calls / 2
    assert statuses["commit", 200] > calls / 3
    for rare in [("reserve", 402), ("release", 200), ("reverse", 200), ("extend", 200)]:
        assert statuses[rare] > calls / 200, statuses
    assert sum(exchange.is_replayed for exchange in exchanges) > calls / 50
    unexpected = {status for _, status in statuses} - {200, 201, 402, 409, 422}
    assert not unexpected, statuses
