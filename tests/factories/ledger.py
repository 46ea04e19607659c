"""Customers with credits, and the core asked as a service asks it. Amounts are micro-credits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db import connection, connections

from accounts.ids import uuid7
from accounts.models import Customer
from ledger import services
from ledger.operations import Operation, Result

_numbers = count(1)


def new_customer() -> UUID:
    return Customer.objects.create(name=f"Customer {next(_numbers)}").id


@dataclass(frozen=True)
class Book:
    """One customer's wallet, lots and history. Each method is one call of the core."""

    customer_id: UUID

    @classmethod
    def new(cls) -> "Book":
        return cls(new_customer())

    @classmethod
    def funded(cls, amount: int = 100, **lot: Any) -> "Book":
        book = cls.new()
        book.grant(amount, **lot)
        return book

    def operation(self, op: str, **fields: Any) -> Operation:
        return Operation(op=op, customer_id=self.customer_id, **fields)

    def do(self, op: str, **fields: Any) -> Result:
        (result,) = services.apply([self.operation(op, **fields)])
        return result

    def grant(self, amount: int, kind: str = "promo", **lot: Any) -> UUID:
        """The new lot's id. A paid lot costs a cent a credit unless told otherwise."""
        if kind == "paid":
            lot = {"price": amount, "currency": "USD"} | lot
        result = services.grant(self.customer_id, amount=amount, kind=kind, **lot)
        assert result.lot_id
        return result.lot_id

    def reserve(self, amount: int, **fields: Any) -> Result:
        return self.do("reserve", amount=amount, **{"expires_in": 900} | fields)

    def debit(self, amount: int, **fields: Any) -> Result:
        return self.do("debit", amount=amount, **fields)

    def commit(self, hold: Result, amount: int | None = None, **fields: Any) -> Result:
        return self.do("commit", reservation_id=hold.reservation_id, amount=amount, **fields)

    def release(self, hold: Result, **fields: Any) -> Result:
        return self.do("release", reservation_id=hold.reservation_id, **fields)

    def extend(self, hold: Result, expires_in: int, **fields: Any) -> Result:
        return self.do(
            "extend", reservation_id=hold.reservation_id, expires_in=expires_in, **fields
        )

    def reverse(self, hold: Result, amount: int | None = None, **fields: Any) -> Result:
        return self.do("reverse", reservation_id=hold.reservation_id, amount=amount, **fields)

    def lease(self, amount: int, *, minimum: int | None = None, **fields: Any) -> Result:
        detail = {"minimum": amount if minimum is None else minimum}
        return self.do("lease", amount=amount, detail=detail, **{"expires_in": 60} | fields)

    def settle(
        self, lease: Result, sequence: int, *lines: int, renew: bool = False, **fields: Any
    ) -> Result:
        """Each line is a call of so much."""
        usage = [{"price_id": None, "calls": 1, "amount": amount} for amount in lines]
        detail = {"sequence": sequence, "usage": usage, "renew": renew}
        return self.do("settle", reservation_id=lease.reservation_id, **{"detail": detail} | fields)

    def refresh(self) -> Result:
        return self.do("refresh")

    def lots(self) -> dict[UUID, int]:
        """What remains of each, in the order of issue."""
        return dict(self._rows("select id, remaining from ledger_lot_state", "seq"))

    def transfers(self) -> list[tuple[Any, ...]]:
        """Kind, debit, credit, amount and lot of each, oldest first."""
        columns = "select kind, debit, credit, amount, lot_id from ledger_transfer"
        return self._rows(columns, "version, unit, id")

    def events(self) -> list[str]:
        return [kind for (kind,) in self._rows("select kind from ledger_event", "id")]

    def _rows(self, select: str, order: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"{select} where customer_id = %s order by {order}", [self.customer_id])
            return cursor.fetchall()


def forget_events() -> None:
    """What other tests have left is not handed on."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("delete from ledger_outbox")


def key(**fields: Any) -> dict[str, Any]:
    """An idempotency key that is a UUIDv7, which becomes the id of the row that it makes."""
    return {"key": uuid7(), "key_is_id": True, "request": 1} | fields


class Clock:
    """The ledger's, which the owner's role can move."""

    def now(self) -> datetime:
        with connection.cursor() as cursor:
            cursor.execute("select ledger_now()")
            return cursor.fetchone()[0]

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def forward(self, seconds: float) -> None:
        self._set("shift + make_interval(secs => %s)", [seconds])

    def reset(self) -> None:
        self._set("'0'", [])

    def _set(self, shift: str, parameters: list[float]) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"update ledger_clock set shift = {shift}", parameters)
