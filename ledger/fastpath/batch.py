"""POST /v1/batch: many operations that travel as one party, each for itself."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from accounts.errors import AccountsError, IdempotencyKeyMalformed, IdempotencyKeyMissing
from accounts.idempotency_keys import checked
from ledger.errors import LedgerError
from ledger.fastpath import desk, requests
from ledger.fastpath.calls import Asked, Call, Memory, Refusal, Sender, invalid
from ledger.fastpath.http import REPLAYED, Reply
from ledger.fastpath.refusals import TooMany
from ledger.fastpath.routes import path_of

OPS: Final = ("reserve", "commit", "release", "debit")
SETTLING: Final = ("commit", "release")


def operations(body: object) -> list[Any]:
    """Raises InvalidRequest, TooMany."""
    items = requests.read(body, requests.Batch).operations
    if not 1 <= len(items) <= requests.OPERATIONS_MAX:
        raise TooMany(len(items))
    return items


async def ask(memory: Memory, sender: Sender, items: Sequence[Any]) -> list[Asked | Refusal]:
    """What the core is asked for each item, or why it is not."""
    asked: list[Asked | Refusal] = []
    for item in items:
        try:
            asked.append(await desk.ask(memory, _call(sender, item)))
        except (AccountsError, LedgerError) as refusal:
            asked.append(refusal)
    return asked


def _call(sender: Sender, item: object) -> Call:
    """An item is the same request as when it is sent alone."""
    if not isinstance(item, dict):
        raise invalid("operations", "Each operation is an object.")
    fields = dict(item)
    op, key = fields.pop("op", None), _key(fields.pop("idempotency_key", None))
    if op not in OPS:
        raise invalid("op", f"An operation of a batch is one of {', '.join(OPS)}.")
    reservation = _reservation(fields) if op in SETTLING else ""
    return Call(sender, op, path_of(op, reservation), reservation, fields, key)


def _key(value: object) -> str:
    if value is None:
        raise IdempotencyKeyMissing("Every operation of a batch has its own idempotency_key.")
    if not isinstance(value, str):
        raise IdempotencyKeyMalformed
    return checked(value)


def _reservation(fields: dict[str, Any]) -> str:
    value = fields.pop("reservation", None)
    if not isinstance(value, str):
        raise invalid("reservation", "Name the reservation that this settles.")
    return value


class Result(msgspec.Struct):
    status: int
    replayed: bool
    body: msgspec.Raw


class Results(msgspec.Struct):
    results: list[Result]


def body(items: Sequence[Reply]) -> bytes:
    results = [
        Result(item.status, REPLAYED in item.headers, msgspec.Raw(item.body)) for item in items
    ]
    return msgspec.json.encode(Results(results))
