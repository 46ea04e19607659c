"""The second person: approves what another uploaded, as it stands at that moment, or declines."""

from uuid import UUID

from django.db import transaction

from accounts import staff
from accounts.models import User
from billing.care.openings import telling
from billing.care.openings.errors import OpeningsRefused
from billing.models import OpeningImport, OpeningLine, OpeningState
from billing.models.openings import WAITS
from ledger import selectors


@transaction.atomic
def approve(batch_id: UUID, *, by: User) -> OpeningImport:
    """It is entered from now on (`applying`). Raises OpeningsRefused."""
    batch = _waiting(batch_id, by)
    wrong = telling.problems(batch)
    if wrong:
        raise OpeningsRefused(
            f"Nothing was entered: {wrong[0]} Decline it, mend the file, and upload it again."
        )
    return _decided(batch, OpeningState.APPLYING, by)


@transaction.atomic
def decline(batch_id: UUID, *, by: User) -> OpeningImport:
    """Its lines are gone; they can be uploaded again. Raises OpeningsRefused."""
    batch = _waiting(batch_id, by)
    OpeningLine.objects.filter(batch=batch).delete()
    return _decided(batch, OpeningState.DECLINED, by)


def _waiting(batch_id: UUID, by: User) -> OpeningImport:
    batch = OpeningImport.objects.select_for_update().get(id=batch_id)
    if batch.state != OpeningState.WAITING:
        raise OpeningsRefused(f"This was decided already: it is {batch.get_state_display()}.")
    now = selectors.now()
    if batch.asked_at + WAITS <= now:
        raise OpeningsRefused("Nobody approved it within 7 days: it has to be uploaded again.")
    if batch.asked_by_id == by.pk:
        raise OpeningsRefused("Somebody else must decide: it was you who uploaded it.")
    if why := staff.why_not_second(by, batch.asked_by, asked_at=batch.asked_at, now=now):
        raise OpeningsRefused(why)
    return batch


def _decided(batch: OpeningImport, state: OpeningState, by: User) -> OpeningImport:
    batch.state, batch.decided_by, batch.decided_at = state, by, selectors.now()
    batch.save(update_fields=["state", "decided_by", "decided_at"])
    return batch
