"""An adjustment is asked for: done at once, or kept until a second person decides."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from billing.adjustments import applying, limits, previewing
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused, EffectChanged, NotToDecide
from billing.models import Adjustment, AdjustmentState
from billing.patience import retrying
from ledger import selectors

PERMISSION: Final = "billing.propose_adjustment"
WAITS: Final = timedelta(days=7)


@retrying
@transaction.atomic
def propose(draft: Adjustment, *, seen: str | None = None) -> Adjustment:
    """Applied, or waiting where `limits` say so. With the mark of the effect that was seen, nothing
    else is done. The same draft again is the same adjustment.

    Raises DraftRefused, EffectChanged; NotToDecide for who may not propose.
    """
    require(draft.asked_by)
    # Two forms of one draft, and two drafts of one customer, come one after the other.
    applying.lock(draft)
    known = Adjustment.objects.filter(id=draft.id).first()
    if known is not None:
        return _same(known, draft)
    effect = previewing.preview(draft)
    if seen is not None and effect.mark != seen:
        raise EffectChanged(effect)
    draft.asked_at = selectors.now()
    measure(draft, effect)
    if not draft.waits_for:
        done(draft, applying.apply(draft))
        draft.decided_at = draft.asked_at
    draft.save(force_insert=True)
    return draft


def require(by: User) -> None:
    """Raises NotToDecide."""
    if not by.has_perm(PERMISSION):
        raise NotToDecide("You may not propose adjustments.")


def measure(draft: Adjustment, effect: Effect, besides: Sequence[Adjustment] = ()) -> None:
    """How large it is, and whether it waits. `besides` are asked for with it."""
    size = limits.size(draft, effect)
    draft.size_credits, draft.size_money, draft.size_currency = size
    draft.asked_effect = effect.as_json()
    draft.waits_for = limits.why_it_waits(draft, size, besides)
    draft.state = AdjustmentState.WAITING
    draft.waits_until = draft.asked_at + WAITS if draft.waits_for else None


def done(adjustment: Adjustment, effect: Effect) -> None:
    adjustment.state = AdjustmentState.APPLIED
    adjustment.effect = effect.as_json()
    adjustment.transactions = effect.transactions


def _same(known: Adjustment, draft: Adjustment) -> Adjustment:
    """Raises DraftRefused where somebody gave the id to another one."""
    told = ("customer_id", "kind", "asked_by_id", "credits", "lot_id", "reservation_id")
    if any(getattr(known, name) != getattr(draft, name) for name in told):
        raise DraftRefused({"": "This form was sent before, for something else. Begin anew."})
    return known
