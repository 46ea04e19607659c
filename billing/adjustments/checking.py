"""What stands against an adjustment now, in words. The wallets are locked: what is found stays."""

from collections.abc import Callable, Mapping
from typing import Final

from billing import shown
from billing.adjustments.errors import DraftRefused
from billing.models import Adjustment
from billing.models import AdjustmentKind as Kind
from ledger import selectors
from ledger.models import Lot, Reservation, ReservationState

FROZEN: Final = (
    "{} is frozen while its payment is disputed. Wait until the dispute is decided, or take"
    " another lot."
)


def check(adjustment: Adjustment) -> None:
    """Raises DraftRefused."""
    for lot in _touched(adjustment):
        if lot.frozen:
            raise DraftRefused({_field(adjustment): FROZEN.format(f"Lot {lot.seq}")})
    rule = _RULES.get(adjustment.kind)
    error = rule(adjustment) if rule else None
    if error:
        raise DraftRefused(error)


def _touched(adjustment: Adjustment) -> list[Lot]:
    """That it names, or that paid for the call which it names; what it only refers to is not."""
    named = [adjustment.lot_id] if adjustment.kind in _OF_A_LOT else []
    if adjustment.kind == Kind.REVERSE:
        named = list(_call(adjustment).lots)
    return list(Lot.objects.filter(customer_id=adjustment.customer_id, id__in=filter(None, named)))


def _field(adjustment: Adjustment) -> str:
    return "reservation_id" if adjustment.kind == Kind.REVERSE else "lot_id"


def lot_of(adjustment: Adjustment) -> Lot:
    """That it names."""
    assert adjustment.lot_id is not None
    return Lot.objects.get(customer_id=adjustment.customer_id, id=adjustment.lot_id)


def _call(adjustment: Adjustment) -> Reservation:
    assert adjustment.reservation_id is not None
    own = Reservation.objects.filter(customer_id=adjustment.customer_id)
    return own.get(id=adjustment.reservation_id)


def _void(adjustment: Adjustment) -> dict[str, str] | None:
    if lot_of(adjustment).paid:
        return {"lot_id": "What was paid for is not void: refund it, or let it be forfeited."}
    return _free(adjustment)


def _free(adjustment: Adjustment) -> dict[str, str] | None:
    """Of the lot, or of all."""
    if adjustment.lot_id is None:
        free, held = selectors.balance(adjustment.customer_id)[:2]
        whose = "The customer has"
    else:
        lot = lot_of(adjustment)
        free, held = lot.remaining - lot.held - lot.frozen, lot.held
        whose = f"Lot {lot.seq} has"
    if (adjustment.credits or 0) <= free:
        return None
    more = f", and {shown.credits(held)} that running calls hold" if held else ""
    return {"credits": f"{whose} {shown.credits(free)} free credits{more}."}


def _extend(adjustment: Adjustment) -> dict[str, str] | None:
    lot, until = lot_of(adjustment), adjustment.expires_at
    if not lot.open:
        return {
            "lot_id": f"Lot {lot.seq} has expired or is used up: reinstate it, or give goodwill."
        }
    if lot.expires_at is None:
        return {"lot_id": f"Lot {lot.seq} never expires already."}
    if until is not None and until <= lot.expires_at:
        ends = f"{lot.expires_at:%Y-%m-%d %H:%M} UTC"
        return {"expires_at": f"It expires on {ends} already: nobody's credits are cut short."}
    return None


def _reverse(adjustment: Adjustment) -> dict[str, str] | None:
    call = _call(adjustment)
    if call.state == ReservationState.HELD:
        return {"reservation_id": "The call is still running: it is settled first."}
    left = call.committed - call.reversed
    if (adjustment.credits or 0) > left:
        told = shown.credits(left) if left else "nothing"
        return {"credits": f"Of what the call was charged, {told} is left to give back."}
    return None


_OF_A_LOT: Final = (Kind.VOID, Kind.FORFEIT, Kind.EXTEND, Kind.REINSTATE, Kind.MOVE)
_RULES: Final[Mapping[str, Callable[[Adjustment], dict[str, str] | None]]] = {
    Kind.VOID: _void,
    Kind.FORFEIT: _free,
    Kind.MOVE: _free,
    Kind.EXTEND: _extend,
    Kind.REVERSE: _reverse,
}
