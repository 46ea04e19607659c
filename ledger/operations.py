"""What the core is asked and what it answers; the SQL types are in sql/schema/types.sql."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

APPLY = "select * from ledger_apply(%s::json, %s)"


class Operation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One operation on one customer's wallet, in micro-credits and seconds."""

    op: str
    customer_id: UUID
    key: UUID | None = None
    key_is_id: bool = False
    request: int | None = None
    reservation_id: UUID | None = None
    amount: int | None = None
    expires_in: int | None = None
    overrun: str | None = None
    final: bool | None = None
    outcome: str | None = None
    price_id: int | None = None
    quantities: dict[str, str] | None = None
    service_id: int | None = None
    api_key_id: UUID | None = None
    request_id: str | None = None
    address: str | None = None
    metadata: dict[str, str] | None = None
    detail: dict[str, Any] | None = None
    rule: dict[str, Any] | None = None  # a price that depends on the month so far
    percent: int | None = None  # commit: how much of it the outcome is billed
    happened_at: datetime | None = None  # work that was done before it was told of


class Result(msgspec.Struct, array_like=True):
    """The answer to one operation: `code` is "ok" or the refusal, the balance the one after."""

    ord: int
    code: str
    replayed: bool
    customer_id: UUID
    reservation_id: UUID | None
    price_id: int | None
    state: str | None
    amount: int | None
    committed: int | None
    released: int | None
    uncollected: int | None
    lots: list[UUID | None] | None
    lot_amounts: list[int] | None
    quantities: dict[str, str] | None
    transaction_id: UUID | None
    lot_id: UUID | None
    expires_at: datetime | None
    available: int | None
    held: int | None
    frozen: int | None
    required: int | None
    reversed: int | None
    credit_limit: int | None
    told: bool | None = None  # events were written
    limits: str | None = None  # JSON: of a refusal, the limit; of a grant, how rates stand

    @property
    def ok(self) -> bool:
        return self.code == "ok"

    @property
    def limit(self) -> dict[str, Any]:
        """The limit that refused it."""
        limit: dict[str, Any] = msgspec.json.decode(self.limits or "{}")
        return limit


def encode(operations: Sequence[Operation]) -> str:
    return msgspec.json.encode(operations).decode()
