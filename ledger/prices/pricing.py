"""What a call costs, from prices that are given; who keeps the prices is `fastpath/catalogue.py`.

Credits are micro-credits. Quantities are whole billionths, so that nothing here is a float: what a
price comes to is exact, and rounded once, half to even. A price that depends on what the month has
had is decided in SQL (`sql/functions/prices.sql`), which does the same arithmetic.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

from accounts.errors import InvalidRequest
from ledger import amounts
from ledger.errors import LedgerError

Outcome = Literal["success", "client_error", "server_error", "timeout", "partial"]
Mode = Literal["flat", "graduated", "volume"]
Number = str | int | float
_Amount = TypeVar("_Amount", int, Fraction)
Quantity = Mapping[str, Number] | Number

MODES: Final[tuple[str, ...]] = get_args(Mode)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
# The unit of which every call has one.
CALLS: Final = "calls"
# Said in Price.billed: nothing to multiply.
ALL: Final = 100

NANO: Final = 10**9
_DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?")


class UnknownEndpoint(LedgerError):
    def __init__(self, asked: str) -> None:
        super().__init__("unknown-endpoint", f"The rate card in force has no endpoint {asked}.")


class UnknownQuantity(LedgerError):
    def __init__(self, price: "Price | None") -> None:
        super().__init__("unknown-quantity", _what_it_takes(price))


class Tier(NamedTuple):
    """From the end of the tier before it. The last one has no end."""

    up_to: str | None  # inclusive
    amount: int  # for every `size` of its unit


class Unit(NamedTuple):
    """What a price multiplies: `amount`, or its tier's, for every `size` of it. `free` of it are
    free each month; tiers count what comes after them."""

    name: str
    size: int = 1
    amount: int = 0
    free: str = "0"
    mode: Mode = "flat"
    tiers: tuple[Tier, ...] = ()

    @property
    def depends_on_month(self) -> bool:
        return self.mode != "flat" or self.free != "0"


class Billed(NamedTuple):
    """Per cent of its price that a call is billed, by how it ended."""

    success: int = ALL
    client_error: int = 0
    server_error: int = 0
    timeout: int = 0
    partial: int = ALL


class Price(NamedTuple):
    """A line of a rate card, with its endpoint. All but the endpoint's policy is immutable."""

    id: int
    rate_card: str
    per_call: int
    units: tuple[Unit, ...]
    minimum: int | None
    maximum: int | None
    endpoint: str
    endpoint_id: int
    method: str
    path_template: str
    billed: Billed

    @property
    def depends_on_month(self) -> bool:
        for unit in self.units:  # noqa: SIM110 - a generator would cost more than all of it
            if unit.depends_on_month:
                return True
        return False

    @property
    def measured(self) -> list[str]:
        """The quantities that a call may tell."""
        return [unit.name for unit in self.units if unit.name != CALLS]


class Charge(NamedTuple):
    amount: int
    quantities: dict[str, str] | None


def charge(
    price: Price, quantity: Quantity | None, so_far: Mapping[str, str] | None = None
) -> Charge:
    """What a call costs after what the month has had. Raises UnknownQuantity, and InvalidRequest
    for a quantity that is no number."""
    if quantity is None and not price.units:
        return Charge(_bounded(price, price.per_call), None)
    if len(price.units) == 1 and isinstance(quantity, dict) and len(quantity) == 1:
        unit = price.units[0]
        if (
            unit.mode == "flat"
            and unit.free == "0"
            and unit.name in quantity
            and unit.name != CALLS
        ):
            return _of_one_unit(price, unit, quantity[unit.name])
    nanos, quantities = _read(price, quantity)
    cost, by = _cost(price, nanos, so_far or {})
    if cost == 0 and _has_quota(price):
        return Charge(0, quantities)
    return _rounded(price, cost, by, quantities)


def depends_on_each(price: Price, calls: int) -> bool:
    """Whether what so many calls cost together depends on what each of them was."""
    if price.depends_on_month:
        return True
    is_bounded = price.minimum is not None or price.maximum is not None
    return calls > 1 and (is_bounded or any(unit.name == CALLS for unit in price.units))


def together(price: Price, calls: int) -> Price:
    """What so many calls cost that do not depend on each."""
    return price if calls == 1 else price._replace(per_call=price.per_call * calls)


def exact(price: Price, quantity: Quantity | None, so_far: Mapping[str, str]) -> Fraction:
    """What `charge` rounds."""
    nanos, _ = _read(price, quantity)
    cost, by = _cost(price, nanos, so_far)
    if cost == 0 and _has_quota(price):
        return Fraction(0)
    return _bounded(price, Fraction(cost, by))


def quantities(price: Price, quantity: Quantity | None) -> dict[str, str] | None:
    """Of a call whose price depends on the month. Raises UnknownQuantity, InvalidRequest."""
    nanos, told = _read(price, quantity)
    if _ceiling(price, nanos) > amounts.LIMIT:
        raise _too_much()
    return told


def rule(price: Price) -> dict[str, Any]:
    """The price as the core reads it."""
    return {
        "per_call": price.per_call,
        "minimum": price.minimum,
        "maximum": price.maximum,
        "units": [as_json(unit) for unit in price.units],
    }


def as_json(unit: Unit) -> dict[str, Any]:
    return unit._asdict() | {"tiers": [tier._asdict() for tier in unit.tiers]}


def units_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Unit, ...]:
    """As they were kept."""
    return tuple(
        Unit(**{**row, "tiers": tuple(Tier(**tier) for tier in row.get("tiers", ()))})
        for row in rows
    )


_BY_DEFAULT: Final = Billed()


def percent(outcome: Outcome | None, price: Price | None) -> int:
    """How much of it is billed. Who tells no outcome says what it takes."""
    if outcome is None:
        return ALL
    billed: int = getattr(price.billed if price else _BY_DEFAULT, outcome)
    return billed


def share(amount: int, percent: int) -> int:
    """Of micro-credits."""
    return amount if percent == ALL else _divide_half_even(amount * percent, ALL)


def outcome_of(status_code: int) -> Outcome:
    if status_code == _GATEWAY_TIMEOUT:
        return "timeout"
    if status_code >= 500:
        return "server_error"
    return "client_error" if status_code >= 400 else "success"


_GATEWAY_TIMEOUT: Final = 504


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

    @property
    def prices(self) -> Collection[Price]:
        return self._by_code.values()

    def under(self, override: "RateCard") -> "RateCard":
        """With the other's prices before its own, endpoint by endpoint."""
        return RateCard((*self.prices, *override.prices))

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


def _read(price: Price, quantity: Quantity | None) -> tuple[dict[str, int], dict[str, str] | None]:
    """In billionths, and as text that reads the same for equal numbers."""
    nanos: dict[str, int] = {}
    texts: dict[str, str] = {}
    for name, number in _measured(price, quantity).items():
        nanos[name], texts[name] = _number(number)
    return nanos, texts or None


def _measured(price: Price, quantity: Quantity | None) -> Mapping[str, Number]:
    """By the price's units; a number without a name is of the only one."""
    if quantity is None or quantity == {}:
        return {}
    names = price.measured
    if not isinstance(quantity, Mapping):
        if len(names) != 1:
            raise UnknownQuantity(price)
        return {names[0]: quantity}
    if not all(name in names for name in quantity):
        raise UnknownQuantity(price)
    return quantity


def _cost(price: Price, nanos: Mapping[str, int], so_far: Mapping[str, str]) -> tuple[int, int]:
    """Exactly, as a numerator and its denominator."""
    cost, by = price.per_call * NANO, NANO
    for unit in price.units:
        now = NANO if unit.name == CALLS else nanos.get(unit.name, 0)
        if unit.depends_on_month:
            before = billionths(so_far.get(unit.name, "0"))
            part = _part_of_month(unit, before, before + now)
        else:
            part = unit.amount * now
        cost = cost * unit.size + part * (by // NANO)
        by *= unit.size
    return cost, by


def _part_of_month(unit: Unit, before: int, after: int) -> int:
    """What a unit costs, times its size, from so many of the month to so many, in billionths."""
    free = billionths(unit.free)
    start, end = max(before - free, 0), max(after - free, 0)
    if unit.mode == "graduated":
        return _graduated(unit.tiers, end) - _graduated(unit.tiers, start)
    rate = _tier_of(unit.tiers, end).amount if unit.mode == "volume" else unit.amount
    return rate * (end - start)


def _graduated(tiers: Sequence[Tier], nanos: int) -> int:
    """Each part of it at the amount of the tier that it lies in."""
    cost = before = 0
    for tier in tiers:
        end = nanos if tier.up_to is None else min(billionths(tier.up_to), nanos)
        cost += tier.amount * (end - before)
        before = end
        if end == nanos:
            break
    return cost


def _tier_of(tiers: Sequence[Tier], nanos: int) -> Tier:
    return next(tier for tier in tiers if tier.up_to is None or nanos <= billionths(tier.up_to))


def _ceiling(price: Price, nanos: Mapping[str, int]) -> int:
    """What a call can cost at most, whatever the month has had."""
    cost = price.per_call
    for unit in price.units:
        rate = max([unit.amount, *(tier.amount for tier in unit.tiers)])
        cost += rate * (nanos.get(unit.name, NANO) // (unit.size * NANO) + 1)
    return cost


def _of_one_unit(price: Price, unit: Unit, number: Number) -> Charge:
    """The most usual price, without the detours of the others."""
    nanos, text = _number(number)
    by = unit.size * NANO
    return _rounded(price, price.per_call * by + unit.amount * nanos, by, {unit.name: text})


def _rounded(price: Price, cost: int, by: int, quantities: dict[str, str] | None) -> Charge:
    amount = _bounded(price, _divide_half_even(cost, by))
    if amount > amounts.LIMIT:
        raise _too_much()
    return Charge(amount, quantities)


def _has_quota(price: Price) -> bool:
    return any(unit.free != "0" for unit in price.units)


def _bounded(price: Price, amount: _Amount) -> _Amount:
    if price.minimum is not None and amount < price.minimum:
        return type(amount)(price.minimum)
    if price.maximum is not None and amount > price.maximum:
        return type(amount)(price.maximum)
    return amount


def _number(number: Number) -> tuple[int, str]:
    text = format(Decimal(repr(number)), "f") if isinstance(number, float) else str(number)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise _malformed("A quantity is a number of at most 12 digits and nine decimal places.")
    whole, places = int(match[1]), (match[2] or "").rstrip("0")
    return whole * NANO + int(places.ljust(9, "0")), f"{whole}.{places}" if places else str(whole)


@lru_cache(maxsize=10_000)
def billionths(text: str) -> int:
    """Of a quantity that was checked when it was kept. A month's sum may be longer."""
    whole, _, places = text.partition(".")
    return int(whole) * NANO + int(places.ljust(9, "0"))


def in_text(nanos: int) -> str:
    """Of billionths, as `billionths` reads it; equal ones read the same."""
    whole, places = divmod(nanos, NANO)
    return f"{whole}.{places:09}".rstrip("0") if places else str(whole)


def _divide_half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        return whole + 1
    return whole


def _malformed(detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": "quantity", "detail": detail}])


def _too_much() -> InvalidRequest:
    return _malformed("This quantity costs more than can be held.")


def _what_it_takes(price: Price | None) -> str:
    if price is None:
        return "This has no price, so a quantity says nothing."
    names = price.measured
    if not names:
        return f"Endpoint {price.endpoint} is priced by the call and takes no quantity."
    if len(names) > 1:
        told = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"Endpoint {price.endpoint} is priced by {told}: name each quantity as one of them."
    return f"Endpoint {price.endpoint} is priced by {names[0]}, and by nothing else."
