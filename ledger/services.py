"""The one door to value from Python: everything here ends in the SQL function `ledger_apply`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from ledger.errors import Refused, UnknownCustomer
from ledger.operations import APPLY, Operation, Result, encode


def apply(operations: Sequence[Operation]) -> list[Result]:
    """Do these in order, each by itself; one answer for each.

    They are one database transaction. Raises UnknownCustomer when a customer does not exist.
    """
    with transaction.atomic():
        results = _apply(operations)
        if any(result.code == "no-wallet" for result in results):
            results = _apply_after_opening(operations, results)
    return results


def apply_one(operation: Operation) -> Result:
    """Raises Refused, UnknownCustomer."""
    (result,) = apply([operation])
    if not result.ok:
        raise Refused(result)
    return result


def grant(
    customer_id: UUID,
    *,
    amount: int,
    kind: str,
    expires_at: datetime | None = None,
    priority: int = 100,
    price: int = 0,
    currency: str | None = None,
    cohort: str | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
) -> Result:
    """Issue a lot of `amount` micro-credits; `price` is in minor units, net of tax, for all of it.

    A priced lot is entered as paid in cash (E01 of the accounting rules). Raises Refused with
    expiry-in-past, price-not-allowed, price-missing.
    """
    money = [{"unit": currency, "debit": "1000", "credit": "2100", "amount": price}]
    detail: dict[str, Any] = {
        "kind": kind,
        "expires_at": expires_at,
        "priority": priority,
        "price": price,
        "currency": currency,
        "cohort": cohort,
        "document": document,
        "reason": reason,
        "actor": actor,
        "money": money if price else [],
    }
    return apply_one(_operation("grant", customer_id, amount, detail))


def adjust(
    customer_id: UUID,
    *,
    amount: int,
    cause: str,
    lot_id: UUID | None = None,
    reason: str | None = None,
    actor: str | None = None,
) -> Result:
    """Take away free credits, of one lot or in order of use. `cause` is void, forfeit, refund or
    escheat. To add credits, grant them. Raises Refused with insufficient-credits, unknown-cause."""
    detail = {"cause": cause, "lot": lot_id, "reason": reason, "actor": actor}
    return apply_one(_operation("adjust", customer_id, amount, detail))


def freeze(customer_id: UUID, *, amount: int, lot_id: UUID | None = None) -> Result:
    """Keep free credits from being spent. Raises Refused with insufficient-credits."""
    return apply_one(_operation("freeze", customer_id, amount, {"lot": lot_id}))


def unfreeze(customer_id: UUID, *, amount: int, lot_id: UUID | None = None) -> Result:
    """Raises Refused with not-frozen."""
    return apply_one(_operation("unfreeze", customer_id, amount, {"lot": lot_id}))


def set_credit_limit(customer_id: UUID, *, limit: int) -> Result:
    """How far below zero the wallet may go. Raises Refused with credit-limit-in-use."""
    return apply_one(Operation(op="limit", customer_id=customer_id, amount=limit))


def refresh(customer_id: UUID) -> Result:
    """Let expire what is due, and answer the balance."""
    return apply_one(Operation(op="refresh", customer_id=customer_id))


def move(
    from_id: UUID,
    to_id: UUID,
    *,
    amount: int,
    lot_id: UUID | None = None,
    reason: str | None = None,
    actor: str | None = None,
) -> Result:
    """Move credits, with their cost and expiry, to another customer (E16).

    Raises Refused with insufficient-credits, UnknownCustomer.
    """
    _open_wallets([from_id, to_id])
    detail = msgspec.json.encode({"lot": lot_id, "reason": reason, "actor": actor}).decode()
    statement = "select * from ledger_move(%s, %s, %s, %s::jsonb)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [from_id, to_id, amount, detail])
        result = Result(*cursor.fetchall()[0])
    if result.code == "no-wallet":
        raise UnknownCustomer
    if not result.ok:
        raise Refused(result)
    return result


def _operation(op: str, customer_id: UUID, amount: int, detail: dict[str, Any]) -> Operation:
    given = {name: value for name, value in detail.items() if value is not None}
    return Operation(op=op, customer_id=customer_id, amount=amount, detail=given)


def _apply(operations: Sequence[Operation]) -> list[Result]:
    with connection.cursor() as cursor:
        cursor.execute(APPLY, [encode(operations), True])
        return [Result(*row) for row in cursor.fetchall()]


def _apply_after_opening(operations: Sequence[Operation], results: list[Result]) -> list[Result]:
    """A customer's wallet is opened by its first operation."""
    again = [i for i, result in enumerate(results) if result.code == "no-wallet"]
    _open_wallets([operations[i].customer_id for i in again])
    for i, result in zip(again, _apply([operations[i] for i in again]), strict=True):
        if result.code == "no-wallet":
            raise UnknownCustomer
        results[i] = msgspec.structs.replace(result, ord=i + 1)
    return results


def _open_wallets(customers: Sequence[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_open_wallets(%s)", [list(customers)])
