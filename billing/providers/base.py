"""What billing asks of a payment provider. Nothing here is called inside a database transaction."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from billing.facts import Disputed, Fact, Paid, Refunded

# Of a signed event, either way.
AGE_MAX_SECONDS = 300


class Order(NamedTuple):
    """What is to be paid for, in minor units."""

    our_purchase: str
    description: str
    net: int
    tax: int
    tax_name: str
    tax_by_provider: bool
    currency: str
    our_customer: str
    customer_ref: str | None
    email: str | None
    return_url: str
    cancel_url: str
    expires_at: datetime
    save_card: bool = False  # to be charged later without the payer

    @property
    def total(self) -> int:
        return self.net + self.tax


class Charge(NamedTuple):
    """Of a saved card, without the payer."""

    our_purchase: str
    description: str
    amount: int
    currency: str
    customer_ref: str
    card_ref: str


class Checkout(NamedTuple):
    ref: str
    url: str


class Event(NamedTuple):
    id: str
    kind: str
    object_ref: str
    payment_ref: str
    happened_at: datetime
    payload: dict[str, Any]


class Provider(Protocol):
    name: str
    # The header that signs its reports.
    signature: str

    def create_checkout(self, order: Order) -> Checkout:
        """Asked twice for the same, it is one checkout. Raises ProviderFailed, ProviderDeclined."""

    def close_checkout(self, checkout_ref: str) -> None:
        """Nobody pays there any more. Raises ProviderDeclined where it was paid, or is over;
        ProviderFailed."""

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Raises WebhookRefused, and whatever JSON of another form makes it raise."""

    def fact(self, payload: Mapping[str, Any]) -> Fact | None:
        """What an event says; None for a kind that means nothing here. Asks nobody. Raises whatever
        JSON of another form makes it raise."""

    def enrich(self, fact: Fact) -> Fact:
        """With what events leave out and a question finds out. Raises ProviderFailed."""

    def checkout_facts(self, checkout_ref: str) -> list[Fact]:
        """What became of a checkout. Raises ProviderFailed."""

    def dispute(self, dispute_ref: str) -> Disputed:
        """As it stands. Raises ProviderFailed."""

    def facts_since(self, since: datetime) -> Iterator[Fact]:
        """Of all that was paid, refunded and disputed since. Raises ProviderFailed."""

    def failed_refunds_since(self, since: datetime) -> Iterator[Refunded]:
        """Of those made since: what was told as made may come back days later. Raises
        ProviderFailed."""

    def refund(self, *, payment_ref: str, amount: int, currency: str, our_refund: str) -> Refunded:
        """Asked twice under one name, it is one refund. Raises ProviderFailed, ProviderDeclined."""

    def charge_saved(self, charge: Charge) -> Paid | None:
        """None while it is on its way: an event will tell. Asked twice for one purchase, it is one
        charge. Raises CardDeclined, ProviderDeclined, ProviderFailed."""

    def is_under_way(self, our_purchase: str, since: datetime) -> bool:
        """Whether a charge that was asked for since is neither paid nor declined yet. Raises
        ProviderFailed."""

    def forget_card(self, card_ref: str) -> None:
        """Raises ProviderFailed; ProviderDeclined where there is no such card any more."""
