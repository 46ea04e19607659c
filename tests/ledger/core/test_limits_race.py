"""Promise 17, and every limit at once: 16 processes ask for one customer, and no cap is passed by a
micro-credit. Nothing is mocked."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from accounts.ids import uuid7
from ledger import checks, limits
from ledger.limits import Limit
from ledger.operations import Operation, encode
from ledger.prices import rate_cards
from tests.factories.ledger import Book, key

PROCESSES = 16
RACER = Path(__file__).with_name("racer.py")
CAPS = """
    select l.source, l.scope, l.period, c.used, l.hard
    from ledger_caps_of(%s) c join ledger_limit l on l.customer_id = %s and l.id = c.id
    where l.hard is not null
"""


def test_promise_17_a_cap_is_spent_to_the_last_credit_and_never_passed(tmp_path):
    """16 at once ask for more than the cap: exactly as many are granted as fit."""
    book = Book.funded(1_000_000)
    limits.set_limits(
        book.customer_id, "provider", [Limit("customer", "spend", period="day", hard=1_000)]
    )
    scripts = [
        [[book.operation("reserve", amount=7, expires_in=900, **key())] for _ in range(25)]
        for _ in range(PROCESSES)
    ]
    answers = Counter(code for said in _race(scripts, tmp_path) for code in said)
    assert answers == {"ok": 142, "spend-cap-reached": 16 * 25 - 142}
    assert [standing.used for standing in limits.of(book.customer_id)] == [994]
    assert book.reserve(7, **key()).code == "spend-cap-reached"
    assert book.reserve(6, **key()).ok
    assert book.reserve(1, **key()).code == "spend-cap-reached"
    _check(book)


@pytest.fixture
def prices() -> list[int]:
    card = rate_cards.create_card(name=uuid7().hex, effective_at=datetime(2020, 1, 1, tzinfo=UTC))
    endpoints = [rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E") for _ in range(2)]
    return [rate_cards.set_price(card, endpoint, per_call=1).id for endpoint in endpoints]


def test_no_cap_is_passed_by_one_micro_credit(prices, tmp_path):
    _hammer(prices, tmp_path, steps=60, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_no_cap_is_passed_by_one_micro_credit_for_long(prices, tmp_path, seed):
    _hammer(prices, tmp_path, steps=2_000, seed=seed)


def _hammer(prices: list[int], folder: Path, *, steps: int, seed: int) -> None:
    book = Book.funded(10**12)
    script = Script(book, prices, [uuid7() for _ in range(3)], Random(seed))
    spend = steps * PROCESSES * 3  # of a multiple of it that is asked for
    _set_limits(book, prices, script.keys, spend)
    scripts = [[script.step() for _ in range(steps)] for _ in range(PROCESSES)]
    raised = iter(range(1, 4))
    answers: Counter[str] = Counter()
    for said in _race(
        scripts, folder, meanwhile=lambda: _look(book, prices, script, spend, raised)
    ):
        answers.update(said)
    assert answers["ok"] > steps
    assert answers["spend-cap-reached"] > 0
    assert answers["rate-limited"] > 0
    _check(book)
    # The holds that last a second have ended, so that nothing comes back meanwhile.
    sleep(1.1)
    book.refresh()
    # There is room for exactly what is left of the tightest cap, and for no micro-credit more.
    limits.set_limits(
        book.customer_id,
        "provider",
        [Limit("customer", "spend", period="lifetime", hard=script.most)],
    )
    (left,) = [
        standing.limit.hard - standing.used
        for standing in limits.of(book.customer_id)
        if standing.source == "provider"
    ]
    limits.set_limits(book.customer_id, "customer", [])
    assert book.reserve(left + 1).code == "spend-cap-reached"
    assert book.reserve(left).ok
    assert book.reserve(1).code == "spend-cap-reached"
    _check(book)


def _look(
    book: Book, prices: list[int], script: "Script", spend: int, raised: Iterator[int]
) -> None:
    """No cap is passed at any instant; now and then they are raised."""
    _check_caps(book)
    if times := next(raised, None):
        _set_limits(book, prices, script.keys, spend * (10 + times) // 10)


def _set_limits(book: Book, prices: list[int], keys: Sequence[UUID], spend: int) -> None:
    endpoint = rate_cards.Price.objects.get(id=prices[0]).endpoint_id
    limits.set_limits(
        book.customer_id,
        "provider",
        [
            Limit("customer", "spend", period="day", hard=spend * 3, soft=spend),
            Limit("customer", "spend", period="month", hard=spend * 4),
            Limit("customer", "spend", period="lifetime", hard=spend * 5),
            Limit("customer", "rate", every=1, burst=1_000),
            Limit("customer", "holds", hard=3_000),
            Limit("customer", "largest", hard=95),
            Limit("key", "spend", keys[0], "day", hard=spend, soft=spend // 2),
            Limit("key", "spend", None, "lifetime", hard=spend * 2),
            Limit("key", "spend", None, "month", hard=spend * 2, soft=spend),
            Limit("key", "holds", keys[1], hard=300),
            Limit("key", "rate", keys[2], every=1_000_000, burst=20),
            Limit("endpoint", "spend", endpoint, "day", hard=spend),
            Limit("endpoint", "largest", endpoint, hard=90),
        ],
    )
    limits.set_limits(
        book.customer_id,
        "customer",
        [Limit("customer", "spend", period="month", hard=spend * 7 // 2, soft=spend)],
    )


@dataclass
class Script:
    """What the callers do, each with its own holds and with those of the others."""

    book: Book
    prices: list[int]
    keys: list[UUID]
    random: Random
    made: list[tuple[UUID, int | None]] = field(default_factory=list)
    most: int = 10**11

    def step(self) -> list[Operation]:
        many = self.random.choice([1, 1, 1, 1, 6])
        return [self.operation() for _ in range(many)]

    def operation(self) -> Operation:
        chance = self.random.random()
        if chance < 0.5 or not self.made:
            return self.reserve()
        if chance < 0.6:
            return self.make("debit")
        return self.settle()

    def reserve(self) -> Operation:
        expires_in = self.random.choice([1, 1, 900, 900, 900])
        overrun = self.random.choice(["reject", "cap", "available"])
        return self.make("reserve", expires_in=expires_in, overrun=overrun)

    def make(self, op: str, **fields: Any) -> Operation:
        fields |= key(price_id=self.random.choice([None, *self.prices]))
        if self.random.random() < 0.2:
            fields |= {"key": uuid7(), "key_is_id": True}
        self.made.append((fields["key"], fields["price_id"]))
        return self.book.operation(
            op,
            amount=self.random.randint(0, 97),
            api_key_id=self.random.choice([None, *self.keys]),
            **fields,
        )

    def settle(self) -> Operation:
        hold, price = self.random.choice(self.made[-200:])
        op = self.random.choice(["commit", "commit", "commit", "release", "reverse"])
        fields: dict[str, Any] = {"reservation_id": hold, "price_id": price}
        if op != "release":
            fields["amount"] = self.random.choice([None, self.random.randint(1, 130)])
        if op == "commit":
            fields["final"] = self.random.random() < 0.7
        return self.book.operation(op, **fields, **key())


def _race(
    scripts: Sequence[Sequence[Sequence[Operation]]], folder: Path, meanwhile: Any = None
) -> list[list[str]]:
    """What each process was answered: of a list the first."""
    connection.ensure_connection()
    info = connection.connection.info
    database = make_conninfo(info.dsn, password=info.password or None)
    with ExitStack() as stack:
        racers = []
        for number, script in enumerate(scripts):
            asked, said = folder / f"{number}.asked", folder / f"{number}.said"
            asked.write_text("".join(f"{encode(step)}\n" for step in script))
            command = [sys.executable, str(RACER), database]
            racers.append(
                stack.enter_context(
                    subprocess.Popen(
                        command,
                        stdin=stack.enter_context(asked.open()),
                        stdout=stack.enter_context(said.open("w")),
                    )
                )
            )
        for racer in racers:
            while True:
                try:
                    racer.wait(0.5)
                    break
                except subprocess.TimeoutExpired:
                    if meanwhile:
                        meanwhile()
        assert not any(racer.returncode for racer in racers)
    found = [(folder / f"{number}.said").read_text().split() for number in range(len(scripts))]
    assert [len(said) for said in found] == [len(script) for script in scripts]
    return found


def _check_caps(book: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CAPS, [book.customer_id, book.customer_id])
        passed = [row for row in cursor.fetchall() if row[-2] > row[-1]]
    assert not passed


def _check(book: Book) -> None:
    """The counts are what the ledger's own rows say, and no cap is passed."""
    _check_caps(book)
    found = [one for one in checks.run(connection, [book.customer_id]) if one.broken]
    assert not found, json.dumps([one.rows for one in found], default=str)
