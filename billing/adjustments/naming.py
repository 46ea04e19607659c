"""What people call the things that adjustments are about. Each raises ValueError with words for who
wrote the name."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, Customer
from billing.models import Purchase
from billing.models.purchases import PURCHASE
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation
from ledger.models import Reservation

ABOUT: Final = f"What it corrects: {LOT}_…, {RESERVATION}_…, {TRANSACTION}_… or {PURCHASE}_…"


def customer(term: str) -> Customer:
    """By its id, its external id or its e-mail."""
    try:
        named = Q(id=ids.decode(ids.CUSTOMER, term))
    except InvalidId:
        named = Q(external_id=term) | Q(email__iexact=term)
    found = list(Customer.objects.filter(named, sandbox_of=None).exclude(id=HOUSE_ID)[:2])
    if len(found) > 1:
        raise ValueError("Several customers are called so: give cus_…")
    if not found:
        raise ValueError("There is no such customer.")
    return found[0]


def lot(term: str) -> UUID:
    try:
        return ids.decode(LOT, term)
    except InvalidId:
        raise ValueError(f"A lot is named {LOT}_…") from None


def call(customer: Customer, term: str) -> Reservation:
    try:
        name = decode_reservation(term)
    except InvalidId:
        raise ValueError(f"A call is named {RESERVATION}_…") from None
    found = Reservation.objects.filter(customer=customer, id=name.id).first()
    if found is None or name.customer_id != customer.pk:
        raise ValueError("The customer made no such call.")
    return found


def about(customer: Customer, term: str) -> Mapping[str, Any]:
    """The column of the adjustment that a name is of, and its value."""
    prefix = term.partition("_")[0]
    try:
        if prefix == RESERVATION:
            return {"reservation_id": decode_reservation(term).id}
        if prefix == PURCHASE:
            return {"purchase": _purchase(customer, ids.decode(PURCHASE, term))}
        columns = {LOT: "lot_id", TRANSACTION: "transaction_id"}
        if prefix in columns:
            return {columns[prefix]: ids.decode(prefix, term)}
    except InvalidId:
        pass
    raise ValueError(f"{ABOUT}.")


def _purchase(customer: Customer, id: UUID) -> Purchase:
    found = Purchase.objects.filter(customer=customer, id=id).first()
    if found is None:
        raise ValueError("The customer bought nothing of that name.")
    return found
