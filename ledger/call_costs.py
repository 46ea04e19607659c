"""How what a call held, and what it cost, came to be."""

from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from django.db import connection

from ledger import selectors
from ledger.models import ReservationState
from ledger.prices import parts, pricing
from ledger.prices.parts import Kind, Step
from ledger.prices.pricing import Outcome, Price
from ledger.reservations import Found

_KEPT = """
select available_after, held_after, frozen_after, null::bigint, null::bigint, null::bigint,
    so_far, null::jsonb
from ledger_hold where customer_id = %(customer)s and id = %(id)s
union all
select available_after, held_after, frozen_after, ended_available, ended_held, ended_frozen,
    so_far, reversal
from ledger_call where customer_id = %(customer)s and id = %(id)s
"""
# What the commit that ended it took: the legs of its transaction.
_ENDED = """
select coalesce(sum(t.amount), 0)::bigint
from ledger_transfer first join ledger_transfer t
    on uuid_hash(t.customer_id) = uuid_hash(first.customer_id) and t.version = first.version
    and t.customer_id = first.customer_id
where first.customer_id = %(customer)s and first.id = %(id)s and t.kind = 'commit'
"""
_REVERSAL = "select posted_at, reason from ledger_transfer where customer_id = %s and id = %s"


class Balance(NamedTuple):
    available: int
    held: int
    frozen: int

    @property
    def total(self) -> int:
        return self.available + self.held + self.frozen


class Reversal(NamedTuple):
    """The last one."""

    amount: int
    transaction_id: UUID | None
    at: Any
    reason: str


class Kept(NamedTuple):
    """What the row has beside what the API tells. Balances are those of the answers."""

    so_far: dict[str, Any]
    is_debit: bool
    balance: Balance | None
    reversal: Reversal | None


class Costs(NamedTuple):
    """`held` adds up to the amount, `cost` to what was committed; empty where there is none."""

    held: list[Step]
    cost: list[Step]


def kept(found: Found) -> Kept:
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, {"customer": found.row.customer_id, "id": found.row.id})
        *balances, so_far, reversal = cursor.fetchall()[-1]
    made, ended = balances[:3], balances[3:]
    last = ended if ended[0] is not None else made
    # One that expired was not answered again.
    is_told = last[0] is not None and found.state != ReservationState.EXPIRED
    return Kept(
        msgspec.json.decode(so_far) if so_far else {},
        made[0] is None and found.state != ReservationState.HELD,
        Balance(*last) if is_told else None,
        _reversal(found, msgspec.json.decode(reversal)) if reversal else None,
    )


def costs(found: Found, kept: Kept) -> Costs:
    price = selectors.priced(found.price) if found.price else None
    if kept.is_debit:
        return Costs([], _cost(found, kept, price, ended=found.row.committed))
    held = _held(found, kept, price)
    if not found.row.committed and found.state != ReservationState.COMMITTED:
        return Costs(held, [])
    if found.state == ReservationState.HELD or found.row.transaction_id is None:
        ended = 0
    else:
        ended = _ended(found)
    return Costs(held, _cost(found, kept, price, ended=ended))


def _held(found: Found, kept: Kept, price: Price | None) -> list[Step]:
    row = found.row
    if price is not None and "parts" not in kept.so_far:
        steps = parts.of_charge(price, row.quantities, kept.so_far)
        if parts.total(steps) == row.amount:
            return steps
    return [Step(Kind.ASKED, row.amount)]


def _cost(found: Found, kept: Kept, price: Price | None, *, ended: int) -> list[Step]:
    row = found.row
    steps = []
    if before := row.committed - ended:
        steps.append(Step(Kind.IN_PARTS, before))
        if not ended and row.transaction_id is None:
            return steps
    asked = ended + row.uncollected
    steps += _asked(found, kept, price, asked, left=row.amount - before)
    if row.uncollected:
        steps.append(Step(Kind.UNCOLLECTED, -row.uncollected))
    return steps


def _asked(found: Found, kept: Kept, price: Price | None, asked: int, *, left: int) -> list[Step]:
    """By the price that was pinned, and the share of it that the outcome is billed."""
    steps = _whole(found, kept, price, left)
    whole = parts.total(steps)
    percent = pricing.percent(cast("Outcome | None", found.row.outcome), price)
    if pricing.share(whole, percent) == asked:
        if percent == pricing.ALL:
            return steps
        return [*steps, Step(Kind.OUTCOME, asked - whole, percent=percent)]
    if price is not None and found.row.used_quantities is not None and asked > whole:
        # More than was reserved counts after all that the month had had by then.
        return [*steps, Step(Kind.OTHER, asked - whole)]
    return [Step(Kind.ASKED, asked)]


def _whole(found: Found, kept: Kept, price: Price | None, left: int) -> list[Step]:
    """Before the outcome: of the quantity that was used, or all of the hold."""
    row = found.row
    used = row.quantities if kept.is_debit else row.used_quantities
    if price is None or (used is None and not kept.is_debit):
        held = _held(found, kept, price)
        return held if left == row.amount else [Step(Kind.ASKED, left)]
    return parts.of_charge(price, used, kept.so_far)


def _ended(found: Found) -> int:
    with connection.cursor() as cursor:
        told = {"customer": found.row.customer_id, "id": found.row.transaction_id}
        cursor.execute(_ENDED, told)
        amount: int = cursor.fetchall()[0][0]
    return amount


def _reversal(found: Found, kept: dict[str, Any]) -> Reversal:
    transaction = kept["result"].get("transaction_id")
    transaction_id = UUID(transaction) if transaction else None
    rows = []
    if transaction_id:
        with connection.cursor() as cursor:
            cursor.execute(_REVERSAL, [found.row.customer_id, transaction_id])
            rows = cursor.fetchall()
    at, reason = rows[0] if rows else (None, "")
    return Reversal(kept["amount"], transaction_id, at, reason or "")
