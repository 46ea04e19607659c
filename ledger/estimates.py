"""What calls would cost now. Nothing is written."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from accounts.errors import InvalidRequest
from ledger import pricing, selectors, services
from ledger.fastpath import called
from ledger.fastpath.calls import invalid
from ledger.fastpath.requests import PricedCall
from ledger.models import Price
from ledger.pricing import Charge, RateCard


class Line(NamedTuple):
    price: Price
    charge: Charge


class Cover(NamedTuple):
    """What a customer has for it, in micro-credits."""

    available: int
    shortfall: int


def lines(calls: Sequence[PricedCall]) -> list[Line]:
    """As a reservation would be priced. Raises InvalidRequest, UnknownEndpoint, UnknownQuantity."""
    prices = {price.id: price for price in selectors.prices_in_force()}
    card = RateCard(_priced(price) for price in prices.values())
    found = []
    for place, call in enumerate(calls):
        try:
            price, charge = _charge(card, call)
        except InvalidRequest as refusal:
            raise _of_call(place, refusal) from None
        found.append(Line(prices[price.id], charge))
    return found


def cover(customer_id: UUID, amount: int) -> Cover:
    """Raises UnknownCustomer."""
    wallet = services.refresh(customer_id)
    available = wallet.available or 0
    return Cover(available, max(amount - available - (wallet.credit_limit or 0), 0))


def _charge(card: RateCard, call: PricedCall) -> tuple[pricing.Price, Charge]:
    called.check(call)
    price = called.price(card, call)
    if price is None:
        raise invalid("endpoint", "Name an endpoint.")
    return price, pricing.charge(price, call.quantity)


def _priced(price: Price) -> pricing.Price:
    endpoint = price.endpoint
    return pricing.Price(
        id=price.id,
        rate_card=price.rate_card.name,
        per_call=price.per_call,
        quantity_name=price.quantity_name,
        per_quantity=price.per_quantity,
        quantity_size=price.quantity_size,
        endpoint=endpoint.code,
        method=endpoint.method,
        path_template=endpoint.path_template,
        bills_client_errors=endpoint.bills_client_errors,
    )


def _of_call(place: int, refusal: InvalidRequest) -> InvalidRequest:
    errors: list[dict[str, str]] = refusal.members["errors"]
    return InvalidRequest(
        [error | {"field": f"calls[{place}].{error['field']}"} for error in errors]
    )
