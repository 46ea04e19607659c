"""What calls would cost now. Nothing is written."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from accounts.errors import InvalidRequest
from ledger import selectors, services
from ledger.fastpath import called
from ledger.fastpath.calls import invalid
from ledger.fastpath.requests import PricedCall
from ledger.prices import pricing, rate_cards
from ledger.prices.months import Month
from ledger.prices.pricing import Charge, Price, RateCard
from ledger.prices.repeated import Repeated, repeated

# More equal calls than anybody makes in a month.
REPEATED_MAX: Final = 10**9


class Line(NamedTuple):
    price: Price
    charge: Charge


class Cover(NamedTuple):
    """What a customer has for it, in micro-credits."""

    available: int
    shortfall: int


def lines(calls: Sequence[PricedCall], customer_id: UUID | None) -> list[Line]:
    """As their reservations would be priced, one after the other. Raises InvalidRequest,
    UnknownEndpoint, UnknownQuantity."""
    card = rate_cards.card_of(customer_id, selectors.now())
    month = Month(customer_id)
    found = []
    for place, call in enumerate(calls):
        try:
            price = _price(card, call)
            charge = pricing.charge(price, call.quantity, month.so_far(price))
        except InvalidRequest as refusal:
            raise _of_call(place, refusal) from None
        month.count(price, charge)
        found.append(Line(price, charge))
    return found


def of_equal_calls(
    asked: Sequence[tuple[PricedCall, int]], customer_id: UUID | None
) -> list[Repeated]:
    """Each call so many times, 1 to REPEATED_MAX: to the millionth what `lines` says of all of them
    one by one, in a time that does not depend on how many they are. Raises as `lines` does."""
    card = rate_cards.card_of(customer_id, selectors.now())
    month = Month(customer_id)
    found = []
    for place, (call, times) in enumerate(asked):
        try:
            price = _price(card, call)
            of_all = repeated(price, call.quantity, month.so_far(price), times)
        except InvalidRequest as refusal:
            raise _of_call(place, refusal) from None
        month.count(price, of_all.stretches[0].charge, times)
        found.append(of_all)
    return found


def cover(customer_id: UUID, amount: int) -> Cover:
    """Raises UnknownCustomer."""
    wallet = services.refresh(customer_id)
    available = wallet.available or 0
    return Cover(available, max(amount - available - (wallet.credit_limit or 0), 0))


def _price(card: RateCard, call: PricedCall) -> Price:
    called.check(call)
    price = called.price(card, call)
    if price is None:
        raise invalid("endpoint", "Name an endpoint.")
    return price


def _of_call(place: int, refusal: InvalidRequest) -> InvalidRequest:
    errors: list[dict[str, str]] = refusal.members["errors"]
    return InvalidRequest(
        [error | {"field": f"calls[{place}].{error['field']}"} for error in errors]
    )
