"""From a call to the operation that the core is asked, and from its answer to a reply."""

from collections.abc import Awaitable, Callable, Mapping
from time import time_ns
from typing import Any, Final, NamedTuple

from accounts.idempotency_keys import request_hash
from ledger import keys
from ledger.fastpath import leasing, requests, reserving, settling
from ledger.fastpath.calls import REVERSE, WRITE, Asked, Call, Memory, check_scope
from ledger.fastpath.requests import (
    Commit,
    Extend,
    Lease,
    Release,
    Request,
    Reserve,
    Reverse,
    Settle,
)

_NS_PER_MS: Final = 1_000_000


class Verb(NamedTuple):
    scope: str
    fields: type[Request]
    ask: Callable[[Memory, Call, Any], Awaitable[Asked]]


VERBS: Final[Mapping[str, Verb]] = {
    "reserve": Verb(WRITE, Reserve, reserving.ask),
    "debit": Verb(WRITE, Reserve, reserving.ask),
    "commit": Verb(WRITE, Commit, settling.commit),
    "release": Verb(WRITE, Release, settling.release),
    "extend": Verb(WRITE, Extend, settling.extend),
    "reverse": Verb(REVERSE, Reverse, settling.reverse),
    "lease": Verb(WRITE, Lease, leasing.lease),
    "settle": Verb(WRITE, Settle, leasing.settle),
}


async def ask(memory: Memory, call: Call) -> Asked:
    """Raises AccountsError, LedgerError."""
    verb = VERBS[call.op]
    check_scope(call.sender.key, verb.scope)
    asked = await verb.ask(memory, call, requests.read(call.body, verb.fields))
    operation = asked.operation
    await memory.directory.meet(operation.customer_id)
    if operation.key is None:
        operation.key = keys.core_key(call.sender.key.service_id, call.key)
    operation.key_is_id = keys.can_be_a_row(operation.key, now_ms=time_ns() // _NS_PER_MS)
    operation.request = request_hash("POST", call.path, call.body)
    operation.service_id = call.sender.key.service_id
    operation.request_id = call.sender.request_id
    return asked
