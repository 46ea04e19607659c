"""The second person: decides a file as a whole, on what it comes to at that moment."""

from uuid import UUID

from django.db import transaction

from accounts import staff
from accounts.models import User
from billing.adjustments import approving, proposing
from billing.adjustments.batches import asking, trying
from billing.adjustments.errors import BatchChanged, NotToDecide
from billing.models import Adjustment, AdjustmentBatch, AdjustmentState, BatchState
from billing.patience import retrying
from ledger import selectors


def is_over(batch: AdjustmentBatch) -> bool:
    """It waited for too long."""
    until = batch.waits_until
    return batch.state == BatchState.WAITING and until is not None and until <= selectors.now()


def why_not(batch: AdjustmentBatch, by: User) -> str:
    """Why this person cannot decide it; empty where they can."""
    if batch.state != BatchState.WAITING:
        return f"This is {batch.get_state_display().lower()}: there is nothing to decide."
    if is_over(batch):
        return "This has expired: nobody decided it within 7 days. Upload it again."
    asked_at = batch.asked_at
    if why := staff.why_not_second(by, batch.asked_by, asked_at=asked_at, now=selectors.now()):
        return why
    if not by.has_perm(approving.PERMISSION):
        return "You may not decide adjustments."
    return ""


@retrying
@transaction.atomic
def approve(
    id: UUID, *, by: User, seen: str, confirmed: bool = False, note: str = ""
) -> AdjustmentBatch:
    """Done now, as it was seen; where that is not what was asked, only if `confirmed`. Raises
    NotToDecide, BatchChanged, SheetRefused."""
    batch = _to_decide(id, by)
    lines = asking.lines_of(batch)
    list(Adjustment.objects.select_for_update(of=("self",)).filter(batch=batch).order_by("id"))
    tried = trying.apply(lines)
    if tried.mark != seen or (tried.mark != batch.mark and not confirmed):
        raise BatchChanged
    for one, effect in zip(tried.drafts, tried.effects, strict=True):
        proposing.done(one, effect)
    return _decided(batch, tried.drafts, BatchState.APPLIED, by, note)


@transaction.atomic
def decline(id: UUID, *, by: User, note: str) -> AdjustmentBatch:
    """Raises NotToDecide."""
    batch = _to_decide(id, by)
    if not note.strip():
        raise NotToDecide("Say why it is declined: whoever asked reads it.")
    return _ended(batch, AdjustmentState.DECLINED, BatchState.DECLINED, by, note)


@transaction.atomic
def withdraw(id: UUID, *, by: User, note: str = "") -> AdjustmentBatch:
    """By who asked. Raises NotToDecide."""
    batch = AdjustmentBatch.objects.select_for_update(of=("self",)).get(id=id)
    if batch.asked_by_id != by.pk:
        raise NotToDecide("Only who asked withdraws it: decline it instead.")
    proposing.require(by)
    if batch.state != BatchState.WAITING or is_over(batch):
        raise NotToDecide("There is nothing to withdraw: this does not wait any more.")
    return _ended(batch, AdjustmentState.WITHDRAWN, BatchState.WITHDRAWN, by, note)


def _to_decide(id: UUID, by: User) -> AdjustmentBatch:
    batch = AdjustmentBatch.objects.select_for_update(of=("self",)).get(id=id)
    why = why_not(batch, by)
    if why:
        raise NotToDecide(why)
    return batch


def _ended(
    batch: AdjustmentBatch, state: AdjustmentState, as_batch: BatchState, by: User, note: str
) -> AdjustmentBatch:
    drafts = [line.draft for line in asking.lines_of(batch)]
    for one in drafts:
        one.state = state
    return _decided(batch, drafts, as_batch, by, note)


def _decided(
    batch: AdjustmentBatch, drafts: list[Adjustment], state: BatchState, by: User, note: str
) -> AdjustmentBatch:
    at, note = selectors.now(), approving.noted(note)
    for one in drafts:
        one.decided_by, one.decided_at, one.decision_note = by, at, note
    changed = ["state", "effect", "transactions", "decided_by", "decided_at", "decision_note"]
    Adjustment.objects.bulk_update(drafts, changed, batch_size=100)
    batch.state, batch.decided_by, batch.decided_at = state, by, at
    batch.decision_note = note
    batch.save()
    return batch
