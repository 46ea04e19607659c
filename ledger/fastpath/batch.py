"""POST /v1/batch: many operations that travel as one party, each for itself."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from accounts.directory import ServiceKeyEntry
from accounts.errors import AccountsError, IdempotencyKeyMalformed, IdempotencyKeyMissing
from accounts.idempotency_keys import checked
from ledger.errors import LedgerError
from ledger.fastpath import desk, requests
from ledger.fastpath.calls import Asked, Call, Memory, Refusal, invalid
from ledger.fastpath.refusals import TooMany
from ledger.fastpath.routes import path_of

_OPS: Final = ("reserve", "commit", "release", "debit")
_SETTLING: Final = ("commit", "release")


def operations(body: object) -> list[Any]:
    """Raises InvalidRequest, TooMany."""
    items = requests.read(body, requests.Batch).operations
    if not 1 <= len(items) <= requests.OPERATIONS_MAX:
        raise TooMany(len(items))
    return items


async def ask(
    memory: Memory, caller: ServiceKeyEntry, items: Sequence[Any], request_id: str
) -> list[Asked | Refusal]:
    """What the core is asked for each item, or why it is not."""
    asked: list[Asked | Refusal] = []
    for item in items:
        try:
            asked.append(await desk.ask(memory, _call(caller, item, request_id)))
        except (AccountsError, LedgerError) as refusal:
            asked.append(refusal)
    return asked


def _call(caller: ServiceKeyEntry, item: object, request_id: str) -> Call:
    """An item is the same request as when it is sent alone."""
    if not isinstance(item, dict):
        raise invalid("operations", "Each operation is an object.")
    fields = dict(item)
    op, key = fields.pop("op", None), _key(fields.pop("idempotency_key", None))
    if op not in _OPS:
        raise invalid("op", f"An operation of a batch is one of {', '.join(_OPS)}.")
    reservation = _reservation(fields) if op in _SETTLING else ""
    return Call(op, caller, path_of(op, reservation), reservation, fields, key, request_id)


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
