"""What a call costs, from prices that are given; who keeps the prices is `fastpath/catalogue.py`.

Credits are micro-credits. Quantities are whole billionths, so that nothing here is a float.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from accounts.errors import InvalidRequest
from ledger import amounts
from ledger.errors import LedgerError

Outcome = Literal["success", "client_error", "server_error"]
Number = str | int | float
Quantity = Mapping[str, Number] | Number

_NANO: Final = 10**9
_DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?")


class UnknownEndpoint(LedgerError):
    def __init__(self, asked: str) -> None:
        super().__init__("unknown-endpoint", f"The rate card in force has no endpoint {asked}.")


class UnknownQuantity(LedgerError):
    def __init__(self, price: "Price | None") -> None:
        super().__init__("unknown-quantity", _what_it_takes(price))


class Price(NamedTuple):
    """A line of a rate card, with its endpoint. All but the endpoint's policy is immutable."""

    id: int
    rate_card: str
    per_call: int
    quantity_name: str  # "": the endpoint has a price per call only
    per_quantity: int  # for every `quantity_size`
    quantity_size: int
    endpoint: str
    method: str
    path_template: str
    bills_client_errors: bool


class Charge(NamedTuple):
    amount: int
    quantities: dict[str, str] | None


def charge(price: Price, quantity: Quantity | None) -> Charge:
    """Raises UnknownQuantity, and InvalidRequest for a quantity that is no number."""
    measured = _measured(price, quantity)
    if measured is None:
        return Charge(price.per_call, None)
    nanos, text = _read(measured)
    extra = _divide_half_even(price.per_quantity * nanos, price.quantity_size * _NANO)
    amount = price.per_call + extra
    if amount > amounts.LIMIT:
        raise _malformed("This quantity costs more than can be held.")
    return Charge(amount, {price.quantity_name: text})


def is_billable(outcome: Outcome | None, price: Price | None) -> bool:
    """Our own failures are free, the caller's as the endpoint says."""
    if outcome == "client_error":
        return price is not None and price.bills_client_errors
    return outcome != "server_error"


def outcome_of(status_code: int) -> Outcome:
    if status_code >= 500:
        return "server_error"
    return "client_error" if status_code >= 400 else "success"


class RateCard:
    """The prices in force, found by an endpoint's code or by the call's method and path."""

    def __init__(self, prices: Iterable[Price] = ()) -> None:
        self._by_code = {price.endpoint: price for price in prices}
        self._by_shape: dict[int, list[tuple[list[str], Price]]] = defaultdict(list)
        for price in sorted(
            self._by_code.values(), key=lambda price: price.path_template.count("{")
        ):
            if price.path_template:
                segments = price.path_template.split("/")
                self._by_shape[len(segments)].append((segments, price))

    def by_code(self, code: str) -> Price:
        """Raises UnknownEndpoint."""
        price = self._by_code.get(code)
        if price is None:
            raise UnknownEndpoint(code)
        return price

    def by_path(self, method: str, path: str) -> Price:
        """The template with the fewest placeholders wins. Raises UnknownEndpoint."""
        method = method.upper()
        segments = path.partition("?")[0].split("/")
        for template, price in self._by_shape.get(len(segments), ()):
            if price.method in ("", method) and all(map(_matches, template, segments)):
                return price
        raise UnknownEndpoint(f"{method} {path}")


def _matches(template: str, segment: str) -> bool:
    return template == segment or (template.startswith("{") and segment != "")


def _measured(price: Price, quantity: Quantity | None) -> Number | None:
    """The number that the price multiplies; a number without a name is of the price's own unit."""
    if quantity is None or quantity == {}:
        return None
    if not price.quantity_name:
        raise UnknownQuantity(price)
    if not isinstance(quantity, Mapping):
        return quantity
    if quantity.keys() != {price.quantity_name}:
        raise UnknownQuantity(price)
    return quantity[price.quantity_name]


def _read(number: Number) -> tuple[int, str]:
    """In billionths, and as text that reads the same for equal numbers."""
    text = format(Decimal(repr(number)), "f") if isinstance(number, float) else str(number)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise _malformed("A quantity is a number of at most 12 digits and nine decimal places.")
    whole, places = int(match[1]), (match[2] or "").rstrip("0")
    return whole * _NANO + int(places.ljust(9, "0")), f"{whole}.{places}" if places else str(whole)


def _divide_half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        return whole + 1
    return whole


def _malformed(detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": "quantity", "detail": detail}])


def _what_it_takes(price: Price | None) -> str:
    if price is None:
        return "This has no price, so a quantity says nothing."
    if not price.quantity_name:
        return f"Endpoint {price.endpoint} is priced by the call and takes no quantity."
    return f"Endpoint {price.endpoint} is priced by {price.quantity_name}, and by nothing else."
