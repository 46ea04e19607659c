"""From what the core answered to the reply."""

from typing import Final

import msgspec

from accounts.errors import KeySuspended, NotFound
from ledger.errors import LedgerError
from ledger.fastpath import answers, limits
from ledger.fastpath.calls import Asked, Memory, Refusal
from ledger.fastpath.database import Row
from ledger.fastpath.http import JSON, REPLAYED, Reply
from ledger.fastpath.party import Answer
from ledger.prices.pricing import Price

# The core says these before any refusal of ours.
_FIRST: Final = ("idempotency-key-reused", "not-found", "no-wallet")
_PLAIN: Final = [JSON]
_REPEATED: Final = [JSON, REPLAYED]

_encode = msgspec.json.Encoder().encode


async def reply(memory: Memory, asked: Asked, answer: Answer, *, top_up_url: str) -> Reply:
    """Raises AccountsError, LedgerError."""
    if isinstance(answer, LedgerError):
        raise answer
    is_replayed = answer.replayed == "t"
    price_id = int(answer.price_id or 0)
    is_lease = answer.state in answers.LEASE_STATES
    if not is_lease:
        _check_price(asked, answer, price_id)
    if asked.refusal is not None and not is_replayed and answer.code not in _FIRST:
        raise _with_remedy(asked.refusal, top_up_url)
    if answer.code != "ok":
        price = await _price(memory, price_id or asked.operation.price_id or 0)
        raise answers.declined(answer, price, top_up_url=top_up_url)
    price = await _price(memory, price_id)
    shown = answers.lease(answer) if is_lease else answers.reservation(answer, price)
    if memory.directory.is_sandbox(asked.operation.customer_id):
        shown.livemode = False
    headers = _REPEATED if is_replayed else _PLAIN
    if answer.limits is not None:
        headers = [*headers, *limits.granted(answer.limits)]
    return Reply(asked.status, _encode(shown), headers, shown.status, shown.id)


async def _price(memory: Memory, price_id: int) -> Price | None:
    return await memory.catalogue.price(price_id) if price_id else None


def _with_remedy(refusal: Refusal, top_up_url: str) -> Refusal:
    """What is owed is paid where credits are bought."""
    if isinstance(refusal, KeySuspended):
        return KeySuspended(members={"top_up_url": top_up_url})
    return refusal


def _check_price(asked: Asked, row: Row, price_id: int) -> None:
    """An id that names another price than its hold's is nobody's. Raises NotFound."""
    is_named = asked.operation.reservation_id is not None and row.reservation_id is not None
    if is_named and asked.operation.price_id != price_id:
        raise NotFound
