"""What waits is decided once: by another person, who sees what it comes to by now."""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts import staff
from accounts.models import User
from billing.adjustments import applying, drafts, proposing
from billing.adjustments.effects import Effect
from billing.adjustments.errors import EffectChanged, NotToDecide
from billing.models import Adjustment, AdjustmentState
from billing.patience import retrying
from ledger import selectors

PERMISSION: Final = "billing.approve_adjustment"


def waiting() -> QuerySet[Adjustment]:
    """That somebody can still decide, the oldest first. Those of files are decided as such."""
    found = Adjustment.objects.filter(
        state=AdjustmentState.WAITING, waits_until__gt=selectors.now(), batch=None
    )
    return found.select_related("customer", "asked_by").order_by("asked_at")


def is_over(adjustment: Adjustment) -> bool:
    """It waited for too long."""
    until = adjustment.waits_until
    waits = adjustment.state == AdjustmentState.WAITING
    return waits and until is not None and until <= selectors.now()


def why_not(adjustment: Adjustment, by: User) -> str:
    """Why this person cannot decide it; empty where they can."""
    if adjustment.state != AdjustmentState.WAITING:
        return f"This was {adjustment.state} already."
    if is_over(adjustment):
        return "This has expired: nobody decided it within 7 days. Propose it again."
    if adjustment.batch_id:
        return "It is one of a file, which is decided as a whole."
    asked_at = adjustment.asked_at
    if why := staff.why_not_second(by, adjustment.asked_by, asked_at=asked_at, now=selectors.now()):
        return why
    if not by.has_perm(PERMISSION):
        return "You may not decide adjustments."
    return ""


@retrying
@transaction.atomic
def approve(
    id: UUID, *, by: User, seen: str, confirmed: bool = False, note: str = ""
) -> Adjustment:
    """Done now, as it was seen. Where that is not what was asked, only if `confirmed`. Raises
    NotToDecide, EffectChanged, DraftRefused."""
    adjustment = _locked(id)
    _require(adjustment, by)
    effect = applying.apply(adjustment)
    if effect.mark != seen or (differs(adjustment, effect) and not confirmed):
        raise EffectChanged(effect)
    proposing.done(adjustment, effect)
    return _decide(adjustment, by, note)


@transaction.atomic
def decline(id: UUID, *, by: User, note: str) -> Adjustment:
    """Raises NotToDecide."""
    adjustment = _locked(id)
    _require(adjustment, by)
    if not note.strip():
        raise NotToDecide("Say why it is declined: whoever asked reads it.")
    adjustment.state = AdjustmentState.DECLINED
    return _decide(adjustment, by, note)


@transaction.atomic
def withdraw(id: UUID, *, by: User, note: str = "") -> Adjustment:
    """By who asked. Raises NotToDecide."""
    adjustment = _locked(id)
    if adjustment.asked_by_id != by.pk:
        raise NotToDecide("Only who asked withdraws it: decline it instead.")
    proposing.require(by)
    if adjustment.batch_id:
        raise NotToDecide("It is one of a file: withdraw the file.")
    if adjustment.state != AdjustmentState.WAITING or is_over(adjustment):
        raise NotToDecide("There is nothing to withdraw: this does not wait any more.")
    adjustment.state = AdjustmentState.WITHDRAWN
    return _decide(adjustment, by, note)


def differs(adjustment: Adjustment, effect: Effect) -> bool:
    """Whether it comes to something else than was asked."""
    return effect.mark != Effect.read(adjustment.asked_effect).mark


def _require(adjustment: Adjustment, by: User) -> None:
    why = why_not(adjustment, by)
    if why:
        raise NotToDecide(why)


def noted(note: str) -> str:
    """Of whoever decides. Raises NotToDecide."""
    if "\x00" in note:
        raise NotToDecide("The note has a character that no text can have (NUL): take it out.")
    if len(note.strip()) > drafts.NOTE_MAX:
        raise NotToDecide(f"A note has at most {drafts.NOTE_MAX} characters.")
    return note.strip()


def _decide(adjustment: Adjustment, by: User, note: str) -> Adjustment:
    adjustment.decided_by = by
    adjustment.decided_at = selectors.now()
    adjustment.decision_note = noted(note)
    adjustment.save()
    return adjustment


def _locked(id: UUID) -> Adjustment:
    found = Adjustment.objects.select_for_update(of=("self",))
    return found.select_related("customer", "receiver", "asked_by", "purchase").get(id=id)
