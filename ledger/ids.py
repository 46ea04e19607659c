"""The ledger's ids in their outside form. No Django here: the fast path calls these."""

import re
from typing import Final, NamedTuple
from uuid import UUID

from accounts.errors import InvalidId

LOT: Final = "lot"
TRANSACTION: Final = "txn"
RESERVATION: Final = "rsv"
LEASE: Final = "lse"

# The id of a price is a positive integer of 32 bits.
_LEASE = re.compile(r"lse_([0-9a-f]{32})([0-9a-f]{32})")
_RESERVATION = re.compile(r"rsv_([0-9a-f]{32})([0-9a-f]{32})([0-7][0-9a-f]{7})")


class ReservationId(NamedTuple):
    """Names its customer, so that a settlement finds its rows at once, and the price that its hold
    pinned, so that the settlement is priced without asking. Both are the caller's word: the row
    decides."""

    customer_id: UUID
    id: UUID
    price_id: int  # 0: none

    def __str__(self) -> str:
        return f"{RESERVATION}_{self.customer_id.hex}{self.id.hex}{self.price_id:08x}"


def decode_reservation(text: str) -> ReservationId:
    """Raises InvalidId."""
    match = _RESERVATION.fullmatch(text)
    if match is None:
        raise InvalidId
    customer, own, price = match.groups()
    return ReservationId(UUID(int=int(customer, 16)), UUID(int=int(own, 16)), int(price, 16))


class LeaseId(NamedTuple):
    """Names its customer, as a reservation's does."""

    customer_id: UUID
    id: UUID

    def __str__(self) -> str:
        return f"{LEASE}_{self.customer_id.hex}{self.id.hex}"


def decode_lease(text: str) -> LeaseId:
    """Raises InvalidId."""
    match = _LEASE.fullmatch(text)
    if match is None:
        raise InvalidId
    customer, own = match.groups()
    return LeaseId(UUID(int=int(customer, 16)), UUID(int=int(own, 16)))
