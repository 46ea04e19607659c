"""`x-credits`: what an operation costs, as the file says it.

A number is credits a call. An object has `per_call`, `minimum`, `maximum` and `units`: a list of
`name`, `credits` and `size`, so many credits for every so many of a quantity.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ledger import amounts
from ledger.errors import MalformedAmount, PriceMalformed
from ledger.prices import price_checks
from ledger.prices.pricing import Unit

EXTENSION: Final = "x-credits"
_PARTS: Final = {"per_call", "minimum", "maximum", "units"}
_UNIT_PARTS: Final = {"name", "credits", "size"}


class Cost(NamedTuple):
    """In micro-credits. Units are flat: tiers and free quotas are for the card."""

    per_call: int
    units: tuple[Unit, ...] = ()
    minimum: int | None = None
    maximum: int | None = None


class CostUnclear(Exception):
    def __init__(self, step: tuple[str, ...], detail: str) -> None:
        self.step = step
        self.detail = detail
        super().__init__(detail)


def read(said: object) -> Cost | None:
    """Null: the cost is to be filled in. Raises CostUnclear."""
    if said is None:
        return None
    if not isinstance(said, Mapping):
        return Cost(_credits(said, ()))
    _only(said, _PARTS, ())
    units = said.get("units") or []
    if not isinstance(units, list):
        raise CostUnclear(("units",), "units is a list of name, credits and size.")
    cost = Cost(
        _credits(said.get("per_call", 0), ("per_call",)),
        tuple(_unit(unit, ("units", str(number))) for number, unit in enumerate(units)),
        _maybe(said, "minimum"),
        _maybe(said, "maximum"),
    )
    _check(cost)
    return cost


def _check(cost: Cost) -> None:
    """By the rules of all prices."""
    try:
        price_checks.check_bounds(cost.minimum, cost.maximum)
        price_checks.checked_units(cost.units)
    except PriceMalformed as refusal:
        raise CostUnclear((), refusal.detail) from None


def _unit(said: object, at: tuple[str, ...]) -> Unit:
    if not isinstance(said, Mapping):
        raise CostUnclear(at, "A unit has name, credits and size.")
    _only(said, _UNIT_PARTS, at)
    for name in ("name", "credits"):
        if name not in said:
            raise CostUnclear(at, f"{name} is missing.")
    return Unit(said["name"], said.get("size", 1), _credits(said["credits"], (*at, "credits")))


def _maybe(said: Mapping[str, Any], name: str) -> int | None:
    return None if said.get(name) is None else _credits(said[name], (name,))


def _credits(said: object, at: tuple[str, ...]) -> int:
    """A number of JSON reads as it is written: 0.1 is a tenth."""
    try:
        return amounts.parse(repr(said) if isinstance(said, float) else said)
    except MalformedAmount:
        detail = "Credits are a number that is not negative, with at most six decimal places."
        raise CostUnclear(at, detail) from None


def _only(said: Mapping[str, Any], known: set[str], at: tuple[str, ...]) -> None:
    for name in said:
        if name not in known:
            told = ", ".join(sorted(known))
            raise CostUnclear((*at, str(name)), f"{name} is not known here; {told} are.")
