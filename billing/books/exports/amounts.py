"""Amounts of exports: decimal strings, as exact as the books."""

from billing.books.exports.errors import AmountTooLarge, TooPrecise
from ledger import money


def decimal(minor: int, currency: str) -> str:
    return money.show(minor, currency)["amount"]


def of_two_places(minor: int, currency: str) -> str:
    """For who takes ten digits and two decimals. An amount of a currency with three decimals is not
    rounded: the two books would differ by it for ever. Raises TooPrecise, AmountTooLarge."""
    whole, _, places = decimal(minor, currency).partition(".")
    if places[2:].strip("0"):
        raise TooPrecise(
            f"{whole}.{places} {currency} has more than two decimals, and would have to be rounded."
        )
    if len(whole.lstrip("-")) > 10:
        raise AmountTooLarge(f"{whole} {currency} has more than ten digits.")
    return f"{whole}.{places[:2]:0<2}"
