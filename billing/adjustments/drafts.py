"""An adjustment as somebody writes it, not kept yet, and what is wrong with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.ids import uuid7
from accounts.models import HOUSE_ID, Customer, CustomerStatus, User
from billing.adjustments import reasons
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import FIELDS, SHAPES
from billing.models import Adjustment, Purchase
from ledger import selectors
from ledger.models import Lot, Reservation, Transfer

NOTE_MAX = 1000
MISSING = {
    "credits": "Say how many credits.",
    "expires_at": "Say until when.",
    "receiver": "Say which customer gets them.",
    "lot_id": "Say which lot.",
    "reservation_id": "Say which call.",
}


def draft(
    customer: Customer,
    kind: str,
    *,
    reason: str,
    note: str,
    by: User,
    id: UUID | None = None,
    credits: int | None = None,
    expires_at: datetime | None = None,
    receiver: Customer | None = None,
    lot_id: UUID | None = None,
    reservation_id: UUID | None = None,
    transaction_id: UUID | None = None,
    purchase: Purchase | None = None,
) -> Adjustment:
    """`credits` are micro-credits. Under one `id` it is one adjustment, however often it is
    proposed. Raises DraftRefused."""
    adjustment = Adjustment(
        id=id or uuid7(),
        customer=customer,
        kind=kind,
        reason=reason,
        note=note.strip(),
        asked_by=by,
        credits=credits,
        expires_at=expires_at,
        receiver=receiver,
        lot_id=lot_id,
        reservation_id=reservation_id,
        transaction_id=transaction_id,
        purchase=purchase,
    )
    check_words(adjustment)
    adjustment.purchase = adjustment.purchase or _bought(adjustment)
    return adjustment


def check_words(adjustment: Adjustment) -> None:
    """All that needs no lock. Raises DraftRefused."""
    if adjustment.kind not in SHAPES:
        raise DraftRefused({"kind": f"A kind is one of {', '.join(SHAPES)}."})
    errors = {**_of_fields(adjustment), **_of_why(adjustment), **_of_customers(adjustment)}
    if errors:
        raise DraftRefused(errors)


def _of_fields(adjustment: Adjustment) -> dict[str, str]:
    shape = SHAPES[adjustment.kind]
    errors: dict[str, str] = {}
    for name in FIELDS:
        value: Any = getattr(adjustment, name)
        if value is None and name in shape.needs:
            errors[name] = MISSING[name]
        elif value is not None and name not in (*shape.needs, *shape.may):
            errors[name] = f"This is not said of {adjustment.kind}: leave it out."
    if adjustment.credits is not None and adjustment.credits <= 0:
        errors["credits"] = "More than none: what takes away is a kind, never a minus."
    until = adjustment.expires_at
    if until is not None and until <= selectors.now(adjustment.customer_id):
        errors["expires_at"] = "This has passed already: give an instant to come."
    return errors


def _of_why(adjustment: Adjustment) -> dict[str, str]:
    errors: dict[str, str] = {}
    known = reasons.REASONS[adjustment.kind]
    if adjustment.reason not in known:
        errors["reason"] = f"A reason of {adjustment.kind} is one of {', '.join(known)}."
    if not adjustment.note:
        errors["note"] = "Say why, for those who read this later. The customer does not see it."
    elif len(adjustment.note) > NOTE_MAX:
        errors["note"] = f"At most {NOTE_MAX} characters."
    return errors


def _of_customers(adjustment: Adjustment) -> dict[str, str]:
    errors: dict[str, str] = {}
    receiver = adjustment.receiver
    if not _is_adjusted(adjustment.customer):
        errors[""] = "Credits of a sandbox, and the house's own book, are not adjusted."
    elif adjustment.customer.status == CustomerStatus.CLOSED:
        errors[""] = "The account is closed: nothing of it is adjusted any more."
    if receiver is not None and receiver.status == CustomerStatus.CLOSED:
        errors["receiver"] = "The account is closed: it gets no credits."
    elif receiver is not None and not _is_adjusted(receiver):
        errors["receiver"] = "A sandbox gets no credits of others."
    elif receiver is not None and receiver.pk == adjustment.customer_id:
        errors["receiver"] = "This is the same customer: take another."
    own = {"customer_id": adjustment.customer_id}
    lot, call = adjustment.lot_id, adjustment.reservation_id
    if lot and not Lot.objects.filter(**own, id=lot).exists():
        errors["lot_id"] = "The customer has no such lot."
    if call and not Reservation.objects.filter(**own, id=call).exists():
        errors["reservation_id"] = "The customer made no such call."
    made = adjustment.transaction_id
    # Of the customer's only: the first transfer of a transaction has its id.
    if made and not Transfer.objects.filter(**own, id=made).exists():
        errors["transaction_id"] = "The customer has no such transaction."
    if adjustment.purchase and adjustment.purchase.customer_id != adjustment.customer_id:
        errors["purchase"] = "Another customer bought this."
    return errors


def _is_adjusted(customer: Customer) -> bool:
    return customer.sandbox_of_id is None and customer.pk != HOUSE_ID


def _bought(adjustment: Adjustment) -> Purchase | None:
    """That the lot came of, where it was bought."""
    if adjustment.lot_id is None:
        return None
    document = Lot.objects.get(customer_id=adjustment.customer_id, id=adjustment.lot_id).document
    return _named(adjustment.customer_id, document or "")


def _named(customer_id: UUID, document: str) -> Purchase | None:
    prefix, _, id = document.partition("_")
    if prefix != "pur" or len(id) != 32:
        return None
    return Purchase.objects.filter(customer_id=customer_id, id=id).first()
