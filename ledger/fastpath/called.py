"""Which endpoint a call is of, and what several of them cost together."""

from ledger import amounts
from ledger.fastpath.calls import invalid
from ledger.fastpath.requests import PricedCall
from ledger.prices import pricing
from ledger.prices.pricing import Charge, Price, Quantity, RateCard


def check(fields: PricedCall) -> None:
    """Raises InvalidRequest."""
    if (fields.method is None) != (fields.path is None):
        raise invalid("path", "method and path go together.")
    if fields.endpoint is not None and fields.path is not None:
        raise invalid("endpoint", "Name an endpoint, or give method and path, not both.")


def price(card: RateCard, fields: PricedCall) -> Price | None:
    """None: the call names no endpoint. Raises UnknownEndpoint."""
    if fields.endpoint is not None:
        return card.by_code(fields.endpoint)
    if fields.method is not None and fields.path is not None:
        return card.by_path(fields.method, fields.path)
    return None


def charge(
    price: Price, calls: int, quantity: Quantity | None, amount: int | None, where: str
) -> Charge:
    """What `calls` of an endpoint cost that had this quantity together; `amount` is the caller's
    word. Raises UnknownQuantity, InvalidRequest of a field of `where`."""
    if amount is not None:
        return Charge(amount, pricing.quantities(price, quantity))
    if pricing.depends_on_each(price, calls):
        told = f"What calls of {price.endpoint} cost together depends on each: say the amount."
        raise invalid(f"{where}.amount", told)
    found = pricing.charge(pricing.together(price, calls), quantity)
    if found.amount >= amounts.LIMIT:
        raise invalid(f"{where}.calls", "So many calls come to more than a wallet holds.")
    return found
