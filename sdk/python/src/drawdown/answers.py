"""What the service answers with, typed. `raw` has all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Balance:
    available: Decimal
    held: Decimal
    frozen: Decimal
    total: Decimal

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        return cls(*(Decimal(raw[name]) for name in ("available", "held", "frozen", "total")))


@dataclass(frozen=True, slots=True)
class Reservation:
    """A hold, as the last answer told of it. Amounts are credits."""

    id: str
    status: str
    customer: str
    endpoint: str | None
    amount: Decimal
    committed: Decimal | None
    released: Decimal | None
    expires_at: datetime | None
    transaction: str | None
    balance: Balance | None
    raw: Mapping[str, Any]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            id=raw["id"],
            status=raw["status"],
            customer=raw["customer"],
            endpoint=raw.get("endpoint"),
            amount=Decimal(raw["amount"]),
            committed=_credits(raw.get("committed")),
            released=_credits(raw.get("released")),
            expires_at=_time(raw.get("expires_at")),
            transaction=raw.get("transaction"),
            balance=Balance.read(raw["balance"]) if raw.get("balance") else None,
            raw=raw,
        )


def _credits(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
