"""An adjustment is applied: by the books' own services, in the caller's database transaction."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from billing.adjustments import checking, drafts, effects, reasons
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused
from billing.books import lots
from billing.errors import BillingError
from billing.models import Adjustment
from billing.models import AdjustmentKind as Kind
from ledger import services
from ledger.errors import LedgerError

# What of these was used before is revenue first: then their entries are theirs alone.
RECOGNISED_FIRST: Final = (Kind.GOODWILL, Kind.MOVE, Kind.REVERSE)


@transaction.atomic
def apply(adjustment: Adjustment) -> Effect:
    """Its wallets stay locked until the end of the database transaction. Asked again with the same
    id, it is done once. Raises DraftRefused."""
    drafts.check_words(adjustment)
    lock(adjustment)
    checking.check(adjustment)
    befores = [effects.before(id, _lot_of(adjustment, id)) for id in _customers(adjustment)]
    try:
        _DO[adjustment.kind](adjustment)
    except (BillingError, LedgerError) as refusal:
        raise DraftRefused({_FIELDS.get(refusal.code, ""): refusal.detail}) from refusal
    return effects.read(befores)


def lock(adjustment: Adjustment) -> None:
    """What is due happens first."""
    customers = _customers(adjustment)
    if adjustment.kind in RECOGNISED_FIRST:
        services.recognise(customers)
    services.refresh_all(sorted(customers))


def _customers(adjustment: Adjustment) -> list[UUID]:
    return [id for id in (adjustment.customer_id, adjustment.receiver_id) if id is not None]


def _lot_of(adjustment: Adjustment, customer_id: UUID) -> UUID | None:
    is_dated = adjustment.kind in (Kind.EXTEND, Kind.REINSTATE)
    return adjustment.lot_id if is_dated and customer_id == adjustment.customer_id else None


def _said(adjustment: Adjustment) -> dict[str, Any]:
    """What every transfer of it says. Customers read the reason."""
    return {
        "document": adjustment.name,
        "reason": reasons.wording(adjustment.kind, adjustment.reason),
        "by": adjustment.asked_by,
        "key": adjustment.name,
    }


def _add(adjustment: Adjustment) -> None:
    until = adjustment.expires_at
    lots.correct_up(
        adjustment.customer_id, _credits(adjustment), expires_at=until, **_said(adjustment)
    )


def _goodwill(adjustment: Adjustment) -> None:
    lots.goodwill(
        adjustment.customer_id,
        _credits(adjustment),
        expires_at=adjustment.expires_at,
        lot_id=adjustment.lot_id,
        **_said(adjustment),
    )


def _void(adjustment: Adjustment) -> None:
    lot_id = adjustment.lot_id
    lots.void(adjustment.customer_id, _credits(adjustment), lot_id=lot_id, **_said(adjustment))


def _forfeit(adjustment: Adjustment) -> None:
    lot_id = adjustment.lot_id
    lots.forfeit(adjustment.customer_id, _credits(adjustment), lot_id=lot_id, **_said(adjustment))


def _extend(adjustment: Adjustment) -> None:
    said = _said(adjustment)
    del said["document"]  # It moves nothing in the journal.
    lots.extend(adjustment.customer_id, _lot(adjustment), adjustment.expires_at, **said)


def _reinstate(adjustment: Adjustment) -> None:
    lots.reinstate(
        adjustment.customer_id,
        _lot(adjustment),
        _credits(adjustment),
        adjustment.expires_at,
        **_said(adjustment),
    )


def _move(adjustment: Adjustment) -> None:
    said = _said(adjustment)
    del said["key"]  # Two wallets: the lock on the adjustment is what makes it one.
    assert adjustment.receiver_id is not None
    lots.move(
        adjustment.customer_id,
        adjustment.receiver_id,
        _credits(adjustment),
        lot_id=adjustment.lot_id,
        **said,
    )


def _reverse(adjustment: Adjustment) -> None:
    """And what it makes of revenue, at once."""
    said = _said(adjustment)
    assert adjustment.reservation_id is not None
    services.reverse(
        adjustment.customer_id,
        reservation_id=adjustment.reservation_id,
        amount=_credits(adjustment),
        document=said["document"],
        reason=said["reason"],
        actor=str(adjustment.asked_by_id),
        key=said["key"],
    )
    services.recognise([adjustment.customer_id])


def _credits(adjustment: Adjustment) -> int:
    assert adjustment.credits is not None
    return adjustment.credits


def _lot(adjustment: Adjustment) -> UUID:
    assert adjustment.lot_id is not None
    return adjustment.lot_id


_DO: Final[Mapping[str, Callable[[Adjustment], None]]] = {
    Kind.ADD: _add,
    Kind.VOID: _void,
    Kind.FORFEIT: _forfeit,
    Kind.GOODWILL: _goodwill,
    Kind.EXTEND: _extend,
    Kind.REINSTATE: _reinstate,
    Kind.MOVE: _move,
    Kind.REVERSE: _reverse,
}
# Which field the core's refusals are about.
_FIELDS: Final = {
    "expiry-in-past": "expires_at",
    "no-extension": "expires_at",
    "grace-is-over": "lot_id",
    "lot-has-ended": "lot_id",
    "no-open-paid-lot": "",
    "not-expired": "credits",
    "insufficient-credits": "credits",
    "balance-too-large": "credits",
    "lot-is-paid": "lot_id",
    "currency-mismatch": "receiver",
    "amount-exceeds-reservation": "credits",
}
