"""What a wallet is set to: how far it may go, what is told of it and what it is held to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from django.db import connection

from ledger.operations import Result
from ledger.services import apply_one, operation


def set_credit_limit(customer_id: UUID, *, limit: int, at_least_in_use: bool = False) -> Result:
    """How far below zero the wallet may go. What is in use already is refused with
    credit-limit-in-use; or the limit goes down to that, when `at_least_in_use`."""
    detail = {"at_least_in_use": at_least_in_use or None}
    return apply_one(operation("limit", customer_id, limit, detail))


class Watched(NamedTuple):
    """A balance to tell of. `value` is micro-credits, per cent of the last purchase used, or days
    left; of those, `level` says what balance that is at the present pace (none: not known yet). It
    is not told again within `cool_down`."""

    id: UUID
    basis: Literal["credits", "percent", "days"]
    value: int
    level: int | None = None
    cool_down: timedelta = timedelta(0)


def watch(
    customer_id: UUID, *, purpose: Literal["alert", "top_up"], thresholds: Sequence[Watched]
) -> None:
    """Tell of these from now on, in place of those before: `balance.low` and `balance.recovered`,
    or `top_up.needed`. An alert that is set above the balance is not told."""
    given = [
        {
            "id": one.id,
            "basis": one.basis,
            "value": one.value,
            "level": one.level,
            "cool_down": int(one.cool_down.total_seconds()),
        }
        for one in thresholds
    ]
    detail = {"purpose": purpose, "thresholds": given}
    apply_one(operation("watch", customer_id, None, detail))


def limit(customer_id: UUID, *, source: str, limits: Sequence[dict[str, Any]]) -> None:
    """Through `limits.set_limits`, which says what they are. Raises Refused with
    cap-below-spent."""
    apply_one(operation("limits", customer_id, None, {"source": source, "limits": limits}))


def set_late_commit(customer_id: UUID, *, charge: bool) -> None:
    """Whether a commit that comes after its hold has expired takes what is still available."""
    apply_one(operation("late_commit", customer_id, None, {"charge": charge}))


def move_clock(customer_id: UUID, *, by: timedelta) -> None:
    """Let a test wallet's clock go on. Raises Refused with clock-not-moved for any other, and for
    a time that is not ahead."""
    detail = {"seconds": int(by.total_seconds())}
    apply_one(operation("clock", customer_id, None, detail))


def notice(customer_id: UUID, *, lot_id: UUID) -> None:
    """Its owner was told that this lot ends. Raises Refused with not-found."""
    apply_one(operation("notice", customer_id, None, {"lot": lot_id}))


def require_notice(required: bool) -> None:
    """Whether lots end only once their owners were told; until then, a day later and again."""
    with connection.cursor() as cursor:
        cursor.execute("select ledger_require_notice(%s)", [required])
