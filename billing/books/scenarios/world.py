"""What the names of a file stand for, and what was written for them so far."""

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from accounts import services as accounts
from accounts.errors import NotFound
from billing.models import Purchase
from ledger import money

T = TypeVar("T")


class Named(NamedTuple):
    """A lot, and whose it is."""

    customer_id: UUID
    lot_id: UUID


class Held(NamedTuple):
    """A reservation, or what was committed at once."""

    customer_id: UUID
    id: UUID


@dataclass
class World:
    currency: str
    customers: dict[str, UUID] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    lots: dict[str, Named] = field(default_factory=dict)
    reservations: dict[str, Held] = field(default_factory=dict)
    # Disputes of a purchase so far.
    disputes: dict[str, int] = field(default_factory=dict)
    # How often the file is still going to settle a reservation.
    settlements: dict[str, int] = field(default_factory=dict)

    # When an event made a name, and when the present one happens.
    made_at: dict[str, datetime] = field(default_factory=dict)
    now: datetime | None = None

    def as_it_is(self) -> "World":
        """To go back to, when an event is refused."""
        kept = copy(self)
        for name, value in vars(self).items():
            setattr(kept, name, copy(value))
        return kept

    def customer(self, name: str) -> UUID:
        """There from the first time that it is named."""
        if name not in self.customers:
            self.customers[name] = accounts.create_customer(name=name).id
        return self.customers[name]

    def purchase(self, name: str) -> Purchase:
        """Raises NotFound."""
        return self._found(self.purchases, name, "purchase")

    def lot(self, name: str) -> Named:
        """Of a purchase, its paid one. Raises NotFound."""
        return self._found(self.lots, name, "purchase or grant")

    def reservation(self, name: str) -> Held:
        """Raises NotFound."""
        return self._found(self.reservations, name, "reservation")

    def _found(self, names: dict[str, T], name: str, what: str) -> T:
        """Events go back in time; before it was made, there was none."""
        made_at = self.made_at.get(name)
        if name not in names or (made_at and self.now and made_at > self.now):
            raise NotFound(f"There is no {what} {name}.")
        return names[name]


def minor(amount: str | None, currency: str) -> int:
    """Units as they are written. Raises MalformedMoney for more places than the currency has."""
    return money.parse({"amount": amount or "0", "currency": currency}).amount
