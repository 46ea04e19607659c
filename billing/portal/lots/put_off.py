"""Expiries that staff put off: no transfer says it, so the lot's page does."""

from datetime import datetime
from typing import NamedTuple

from billing.adjustments import reasons
from billing.adjustments.effects import Effect
from billing.models import Adjustment, AdjustmentKind, AdjustmentState
from ledger.models import Lot


class PutOff(NamedTuple):
    at: datetime | None
    wording: str
    before: datetime | None


def told(lot: Lot) -> list[PutOff]:
    """The last first."""
    found = Adjustment.objects.filter(
        customer_id=lot.customer_id,
        lot_id=lot.id,
        kind=AdjustmentKind.EXTEND,
        state=AdjustmentState.APPLIED,
    )
    return [_told(one) for one in found.order_by("-decided_at")]


def _told(one: Adjustment) -> PutOff:
    effect = Effect.read(one.effect)
    before = next((lot.expires_before for lot in effect.lots if lot.lot_id == one.lot_id), None)
    return PutOff(one.decided_at, reasons.wording(one.kind, one.reason), before)
