"""The one door to value from Python: everything here ends in the SQL function `ledger_apply`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction

from accounts.errors import NotInASandbox
from accounts.models import Customer
from ledger import outbox
from ledger.errors import Refused, UnknownCustomer
from ledger.keys import core_key
from ledger.operations import APPLY, Operation, Result, encode

# Services, whose keys these must not meet, are numbered from 1.
OURSELVES: Final = 0
_PAID: Final = ("paid", "bonus")


def apply(operations: Sequence[Operation]) -> list[Result]:
    """Do these in order, each by itself; one answer for each.

    They are one database transaction. Raises UnknownCustomer when a customer does not exist.
    """
    with transaction.atomic():
        results = _apply(operations)
        if any(result.code == "no-wallet" for result in results):
            results = _apply_after_opening(operations, results)
        if any(result.told for result in results):
            outbox.wake_after_commit()
    return results


def apply_one(operation: Operation) -> Result:
    """Raises Refused, UnknownCustomer."""
    (result,) = apply([operation])
    if not result.ok:
        raise Refused(result)
    return result


def operation(
    op: str, customer_id: UUID, amount: int | None, detail: dict[str, Any], key: str | None = None
) -> Operation:
    """One of our own. What is None in the detail is not said."""
    given = {name: value for name, value in detail.items() if value is not None}
    operation = Operation(op=op, customer_id=customer_id, amount=amount, detail=given)
    if key is not None:
        # The key alone says what is meant: asked again, the first answer is given again.
        operation.key, operation.request = core_key(OURSELVES, f"{op} {key}"), 0
    return operation


class Leg(NamedTuple):
    """An amount of money from one account to another, in minor units of the currency `unit`. What
    is of a lot is of the lot's cohort."""

    debit: str
    credit: str
    amount: int
    unit: str
    lot: UUID | None = None
    cohort: str | None = None


def grant(
    customer_id: UUID,
    *,
    amount: int,
    kind: str,
    expires_at: datetime | None = None,
    priority: int = 100,
    price: int = 0,
    tax: int = 0,
    tax_on_use: bool = False,
    currency: str | None = None,
    money: Sequence[Leg] | None = None,
    cohort: str | None = None,
    escheat_class: str | None = None,
    refundable_until: datetime | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Issue a lot of `amount` micro-credits; `price` is in minor units, net of tax, for all of it.

    A priced lot is entered as paid in cash, free of tax (E01 of the accounting rules), unless other
    money entries are given. Its tax is charged with it, or with `tax_on_use` becomes due as it is
    used: Dr 1100, Cr 2200 when that is recognised. With a `key`, what was granted under it before
    is answered again.

    Raises Refused with expiry-in-past, price-not-allowed, price-missing, malformed-money; in a
    sandbox NotInASandbox for what is paid for.
    """
    if price or money or kind in _PAID:
        _require_real(customer_id)
    return apply_one(
        granting(
            customer_id,
            amount=amount,
            kind=kind,
            expires_at=expires_at,
            priority=priority,
            price=price,
            tax=tax,
            tax_on_use=tax_on_use,
            currency=currency,
            money=money,
            cohort=cohort,
            escheat_class=escheat_class,
            refundable_until=refundable_until,
            document=document,
            reason=reason,
            actor=actor,
            key=key,
        )
    )


def granting(
    customer_id: UUID,
    *,
    amount: int,
    kind: str,
    expires_at: datetime | None = None,
    priority: int = 100,
    price: int = 0,
    tax: int = 0,
    tax_on_use: bool = False,
    currency: str | None = None,
    money: Sequence[Leg] | None = None,
    cohort: str | None = None,
    escheat_class: str | None = None,
    refundable_until: datetime | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Operation:
    """A grant to be applied with others: of customers that are known to be no sandboxes."""
    if money is None:
        money = [Leg("1000", "2100", price, currency or "")] if price else []
    detail: dict[str, Any] = {
        "kind": kind,
        "expires_at": expires_at,
        "priority": priority,
        "price": price,
        "tax": tax,
        "tax_on_use": tax_on_use or None,
        "currency": currency,
        "money": _legs(money),
        "cohort": cohort,
        "escheat_class": escheat_class,
        "refundable_until": refundable_until,
        "document": document,
        "reason": reason,
        "actor": actor,
    }
    return operation("grant", customer_id, amount, detail, key)


def adjust(
    customer_id: UUID,
    *,
    amount: int,
    cause: str,
    lot_id: UUID | None = None,
    frozen: int | None = None,
    expired: bool = False,
    money: Sequence[Leg] | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Take away free credits, of one lot or in order of use, and `frozen` of the amount out of what
    is frozen of the lot. `cause` is void, forfeit, refund, dispute or escheat. To add credits,
    grant them. Deferred revenue goes where the cause says (E10, E11b, E12, E17a), unless other
    money entries are given. With `expired` the state claims what has expired of the lot already.

    Raises Refused with insufficient-credits, not-frozen, unknown-cause, lot-is-paid (void),
    not-expired."""
    detail = {
        "cause": cause,
        "lot": lot_id,
        "frozen": frozen,
        "expired": expired or None,
        "money": _legs(money),
        "document": document,
        "reason": reason,
        "actor": actor,
    }
    return apply_one(operation("adjust", customer_id, amount, detail, key))


def restore(
    customer_id: UUID,
    *,
    amount: int,
    lot_id: UUID,
    cause: str | None = None,
    expires_at: datetime | None = None,
    money: Sequence[Leg] | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Give a lot back what a cause took of it: a refund that came to nothing, unless another is
    named (`adjust`). Raises Refused with not-found, unknown-cause, expiry-in-past."""
    detail = {
        "lot": lot_id,
        "cause": cause,
        "expires_at": expires_at,
        "money": _legs(money),
        "document": document,
        "reason": reason,
        "actor": actor,
    }
    return apply_one(operation("restore", customer_id, amount, detail, key))


def reinstate(
    customer_id: UUID,
    *,
    amount: int,
    lot_id: UUID,
    expires_at: datetime | None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Give back what has expired of a lot, until a new expiry (E15). Raises Refused with
    not-expired, expiry-in-past."""
    detail = {
        "lot": lot_id,
        "expires_at": expires_at,
        "document": document,
        "reason": reason,
        "actor": actor,
    }
    return apply_one(operation("reinstate", customer_id, amount, detail, key))


def attach(
    customer_id: UUID,
    *,
    amount: int,
    lot_id: UUID,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Add credits to a paid lot for nothing, as a price concession (E13, R16). Raises Refused with
    lot-has-ended."""
    detail = {"lot": lot_id, "document": document, "reason": reason, "actor": actor}
    with transaction.atomic():
        # What was used is revenue at the old basis.
        recognise([customer_id])
        return apply_one(operation("attach", customer_id, amount, detail, key))


def redate(
    customer_id: UUID,
    *,
    lot_id: UUID,
    expires_at: datetime | None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Let an open lot expire at another time (E14), or never. Raises Refused with lot-has-ended,
    expiry-in-past."""
    detail = {"lot": lot_id, "expires_at": expires_at, "reason": reason, "actor": actor}
    return apply_one(operation("redate", customer_id, None, detail, key))


def classify(
    customer_id: UUID,
    *,
    lot_id: UUID,
    cohort: str,
    escheat_class: str | None,
    actor: str | None = None,
) -> Result:
    """Say that the state may claim what is left of a lot (E17), or not, and the cohort it is in."""
    detail = {"lot": lot_id, "cohort": cohort, "escheat_class": escheat_class, "actor": actor}
    return apply_one(operation("classify", customer_id, None, detail))


def reverse(
    customer_id: UUID,
    *,
    reservation_id: UUID,
    amount: int | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Give back what a call was charged, or so much of it (E18). Raises Refused with not-found,
    reservation-held, amount-exceeds-reservation."""
    detail = {"document": document, "reason": reason, "actor": actor}
    reversing = operation("reverse", customer_id, amount, detail, key)
    reversing.reservation_id = reservation_id
    return apply_one(reversing)


def recognise(customers: Sequence[UUID]) -> int:
    """Make revenue of what these have used since the last time (E05, E18), by lot and day; how many
    transactions that were. Asked again, none."""
    with connection.cursor() as cursor:
        cursor.execute("select ledger_recognise(%s)", [list(customers)])
        return int(cursor.fetchall()[0][0])


def post(
    customer_id: UUID,
    *,
    kind: str,
    money: Sequence[Leg],
    posted_on: date | None = None,
    effective_at: datetime | None = None,
    closing: bool = False,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    key: str | None = None,
) -> Result:
    """Enter what happened to money and moved no credits, for today or for another open day; the
    close of a period (`closing`) still posts into it. Raises Refused with malformed-money,
    period-closed, posting-in-future."""
    detail = {
        "kind": kind,
        "money": _legs(money),
        "posted_on": posted_on,
        "effective_at": effective_at,
        "closing": closing or None,
        "document": document,
        "reason": reason,
        "actor": actor,
    }
    return apply_one(operation("post", customer_id, None, detail, key))


def freeze(
    customer_id: UUID, *, amount: int, lot_id: UUID | None = None, key: str | None = None
) -> Result:
    """Keep free credits from being spent. Raises Refused with insufficient-credits."""
    return apply_one(operation("freeze", customer_id, amount, {"lot": lot_id}, key))


def unfreeze(
    customer_id: UUID, *, amount: int, lot_id: UUID | None = None, key: str | None = None
) -> Result:
    """Raises Refused with not-frozen."""
    return apply_one(operation("unfreeze", customer_id, amount, {"lot": lot_id}, key))


def refresh(customer_id: UUID) -> Result:
    """Let expire what is due, and answer the balance."""
    return apply_one(Operation(op="refresh", customer_id=customer_id))


def refresh_all(customers: Sequence[UUID]) -> None:
    """The same for many."""
    apply([Operation(op="refresh", customer_id=customer_id) for customer_id in customers])


def move(
    from_id: UUID,
    to_id: UUID,
    *,
    amount: int,
    lot_id: UUID | None = None,
    document: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
) -> Result:
    """Move credits, with their cost and expiry, to another customer (E16).

    Raises Refused with insufficient-credits, UnknownCustomer, NotInASandbox.
    """
    _require_real(from_id, to_id)
    _open_wallets([from_id, to_id])
    said = {"lot": lot_id, "document": document, "reason": reason, "actor": actor}
    detail = msgspec.json.encode(said).decode()
    statement = "select * from ledger_move(%s, %s, %s, %s::jsonb)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [from_id, to_id, amount, detail])
        result = Result(*cursor.fetchall()[0])
    if result.code == "no-wallet":
        raise UnknownCustomer
    if result.told:
        outbox.wake_after_commit()
    if not result.ok:
        raise Refused(result)
    return result


def _require_real(*customers: UUID) -> None:
    """Raises NotInASandbox: money stays out of it, and its credits stay in it."""
    if Customer.objects.filter(id__in=customers, sandbox_of__isnull=False).exists():
        raise NotInASandbox


def _legs(money: Sequence[Leg] | None) -> list[dict[str, Any]] | None:
    if money is None:
        return None
    legs = [leg._asdict() for leg in money if leg.amount]
    return [{name: value for name, value in leg.items() if value is not None} for leg in legs]


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
