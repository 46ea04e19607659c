"""The answers that a client collected and the rows of the ledger say the same, each way."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.system.books import Books
from tests.system.calls import micro
from tests.system.expected import committed_by, reserved_by
from tests.system.installation import Row
from tests.system.journal import Exchange, reservation_id

SETTLING = ("commit", "release")


def assert_agreement(books: Books, done: Iterable[Exchange]) -> None:
    """`done` is everything that was acknowledged, once each, in an order in which one thing
    happened to each reservation; nobody else used these customers; every hold has ended."""
    by_op = defaultdict(list)
    for exchange in done:
        by_op[exchange.op].append(exchange)
    _holds(books, by_op["reserve"])
    _debits(books, by_op["debit"])
    ends = _settlements(books, by_op["reserve"], by_op["commit"] + by_op["release"])
    _left_alone(books, by_op["reserve"], ends)
    _reversals(books, by_op["reverse"])
    _nothing_else(books, by_op)
    _wallets(books, by_op)


def _holds(books: Books, reserves: Iterable[Exchange]) -> None:
    for exchange in reserves:
        row, answer = books.calls[reservation_id(exchange.answer["id"])], exchange.answer
        assert row["customer_id"] == exchange.customer
        assert row["amount"] == micro(answer["amount"]) == reserved_by(exchange.asked)
        assert _lots(answer) == _parts(row, "split", up_to=row["amount"])
        after = (row["available_after"], row["held_after"], row["frozen_after"])
        assert _balance(answer) == after
        assert datetime.fromisoformat(answer["expires_at"]) == row["reserved_until"]


def _debits(books: Books, debits: Iterable[Exchange]) -> None:
    for exchange in debits:
        row = books.calls[reservation_id(exchange.answer["id"])]
        assert row["amount"] == row["committed"] == reserved_by(exchange.asked)
        _ended(row, exchange.answer)
        _posted(books, exchange, row["committed"])


def _settlements(
    books: Books, reserves: Iterable[Exchange], settlements: Iterable[Exchange]
) -> dict[UUID, Exchange]:
    """What ended each reservation."""
    asked = {reservation_id(exchange.answer["id"]): exchange.asked for exchange in reserves}
    parts: Counter[UUID] = Counter()
    ends: dict[UUID, Exchange] = {}
    for exchange in sorted(settlements, key=_is_final):
        assert exchange.reservation is not None
        row = books.calls[exchange.reservation]
        hold = asked[exchange.reservation]
        left = row["amount"] - parts[exchange.reservation]
        part = committed_by(exchange, hold, left) if exchange.op == "commit" else 0
        parts[exchange.reservation] += part
        _posted(books, exchange, part)
        if _is_final(exchange):
            assert exchange.reservation not in ends
            ends[exchange.reservation] = exchange
            assert row["committed"] == parts[exchange.reservation]
            _ended(row, exchange.answer)
    return ends


def _left_alone(books: Books, reserves: Iterable[Exchange], ends: dict[UUID, Exchange]) -> None:
    left = {reservation_id(exchange.answer["id"]) for exchange in reserves} - ends.keys()
    for id in left:
        assert books.calls[id]["state"] == "expired"
        assert books.calls[id]["ended_at"] == books.calls[id]["expires_at"]


def _reversals(books: Books, reversals: Iterable[Exchange]) -> None:
    for exchange in reversals:
        assert exchange.reservation is not None
        row = books.calls[exchange.reservation]
        back = sum(_lots(exchange.answer).values())
        assert row["reversed"] == back == micro(exchange.answer["reversed"])
        assert back == micro(exchange.asked["amount"]) if "amount" in exchange.asked else True
        _posted(books, exchange, back)


def _nothing_else(books: Books, by_op: dict[str, list[Exchange]]) -> None:
    """Nothing acknowledged is missing, and nothing happened that was not acknowledged."""
    made = [reservation_id(one.answer["id"]) for one in by_op["reserve"] + by_op["debit"]]
    assert len(made) == len(set(made))
    assert set(made) == books.calls.keys()
    moving = [one for op in ("grants", "commit", "debit", "reverse") for one in by_op[op]]
    named = {one.answer["transaction"] for one in moving} - {None}
    assert {f"txn_{id.hex}" for id in books.transactions} == named


def _wallets(books: Books, by_op: dict[str, list[Exchange]]) -> None:
    """Balances and lots are what the answers add up to."""
    lots: Counter[str] = Counter()
    wallets: Counter[UUID | None] = Counter()
    for exchange in by_op["grants"]:
        lots[exchange.answer["lot"]] += micro(exchange.asked["amount"])
        wallets[exchange.customer] += micro(exchange.asked["amount"])
    for op, sign in (("debit", -1), ("commit", -1), ("release", -1), ("reverse", 1)):
        for exchange in filter(_is_final, by_op[op]):
            for lot, part in _lots(exchange.answer).items():
                lots[lot] += sign * part
                wallets[exchange.customer] += sign * part
    assert {f"lot_{id.hex}": row["remaining"] for id, row in books.lots.items()} == lots
    assert {id: row["balance"] for id, row in books.wallets.items()} == wallets
    assert not any(row["held"] for row in [*books.lots.values(), *books.wallets.values()])


def _is_final(exchange: Exchange) -> bool:
    return bool(exchange.asked.get("final", True))


def _ended(row: Row, answer: dict[str, Any]) -> None:
    assert answer["status"] == row["ended_as"]
    assert micro(answer["amount"]) == row["amount"]
    assert micro(answer["committed"]) == row["committed"]
    assert micro(answer["released"]) == max(row["amount"] - row["committed"], 0)
    assert micro(answer["uncollected"]) == row["uncollected"]
    assert _lots(answer) == _parts(row, "used")
    assert _balance(answer) == (row["ended_available"], row["ended_held"], row["ended_frozen"])


def _posted(books: Books, exchange: Exchange, amount: int) -> None:
    """The transaction that an answer names moved so much, and left the balance that it says."""
    name = exchange.answer["transaction"]
    if amount == 0:
        assert exchange.op == "release" or name is None
        return
    transfers = books.transactions[UUID(name[4:])]
    assert sum(transfer["amount"] for transfer in transfers) == amount
    for transfer in transfers:
        assert transfer["customer_id"] == exchange.customer
        assert transfer["reservation_id"] == reservation_id(exchange.answer["id"])
        assert transfer["balance_after"] == micro(exchange.answer["balance"]["total"])


def _lots(answer: dict[str, Any]) -> dict[str, int]:
    return {part["lot"]: micro(part["amount"]) for part in answer["lots"]}


def _parts(row: Row, column: str, *, up_to: int | None = None) -> dict[str, int]:
    """By lot. What an overrun took stands behind what makes up the amount."""
    sums: Counter[str] = Counter()
    for lot, part in zip(row["lots"], row[column], strict=True):
        if up_to is None or sum(sums.values()) < up_to:
            sums[f"lot_{lot.hex}"] += part
    return {lot: part for lot, part in sums.items() if part}


def _balance(answer: dict[str, Any]) -> tuple[int, int, int]:
    said = {name: micro(amount) for name, amount in answer["balance"].items()}
    assert said["total"] == said["available"] + said["held"] + said["frozen"]
    return said["available"], said["held"], said["frozen"]
