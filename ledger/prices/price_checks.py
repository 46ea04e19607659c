"""What is wrong with a price, said so that it can be mended."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from ledger import amounts
from ledger.errors import PriceMalformed
from ledger.prices.pricing import MODES, Tier, Unit

UNITS_MAX: Final = 8
TIERS_MAX: Final = 100
SIZE_MAX: Final = 10**12

_NAME = re.compile(r"[-a-zA-Z0-9_]{1,50}")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
# What a hold keeps of the month beside its units.
_TAKEN: Final = ("month", "parts")


def check_amount(what: str, amount: object) -> int:
    """Of micro-credits. Raises PriceMalformed."""
    if type(amount) is not int:
        raise PriceMalformed(f"{what}: credits have at most six decimal places.")
    if amount < 0:
        raise PriceMalformed(f"{what}: a price is not below zero.")
    if amount > amounts.LIMIT:
        raise PriceMalformed(f"{what}: this is more than can be held.")
    return amount


def check_bounds(minimum: int | None, maximum: int | None) -> None:
    """Raises PriceMalformed."""
    for what, amount in (("Minimum", minimum), ("Maximum", maximum)):
        if amount is not None:
            check_amount(what, amount)
    if minimum is not None and maximum is not None and minimum > maximum:
        raise PriceMalformed(
            f"The minimum of {amounts.show(minimum)} is above the maximum of "
            f"{amounts.show(maximum)}."
        )


def checked_units(units: Iterable[Unit]) -> list[Unit]:
    """With their numbers as they are kept. Raises PriceMalformed."""
    found = [_checked(unit) for unit in units]
    if len(found) > UNITS_MAX:
        raise PriceMalformed(f"A price has at most {UNITS_MAX} units.")
    names = [unit.name for unit in found]
    for name in names:
        if names.count(name) > 1:
            raise PriceMalformed(f"{name}: this unit is there twice; a price has each once.")
    return found


def _checked(unit: Unit) -> Unit:
    name = unit.name
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        raise PriceMalformed(
            f"{name!r} is no name of a unit: use at most 50 letters, digits, - and _, "
            f"and not {' or '.join(_TAKEN)}."
        )
    if type(unit.size) is not int or not 1 <= unit.size <= SIZE_MAX:
        raise PriceMalformed(f"{name}: a price is for 1 to {SIZE_MAX} of a unit.")
    if unit.mode not in MODES:
        raise PriceMalformed(f"{name}: the mode is {', '.join(MODES)}; {unit.mode!r} is none.")
    check_amount(name, unit.amount)
    free = _decimal(f"{name}, free a month", unit.free)
    return unit._replace(free=free, tiers=_checked_tiers(unit))


def _checked_tiers(unit: Unit) -> tuple[Tier, ...]:
    name, tiers = unit.name, tuple(unit.tiers)
    if unit.mode == "flat":
        if tiers:
            raise PriceMalformed(f"{name}: a flat price has no tiers; make it {MODES[1]}.")
        return ()
    if unit.amount:
        raise PriceMalformed(f"{name}: the tiers say what it costs, so give no amount beside them.")
    if not 1 <= len(tiers) <= TIERS_MAX:
        raise PriceMalformed(f"{name}: a {unit.mode} price has 1 to {TIERS_MAX} tiers.")
    found = tuple(_checked_tier(name, place, tier) for place, tier in enumerate(tiers, 1))
    _check_order(name, found)
    return found


def _checked_tier(name: str, place: int, tier: Tier) -> Tier:
    where = f"{name}, tier {place}"
    check_amount(where, tier.amount)
    return tier if tier.up_to is None else tier._replace(up_to=_decimal(where, tier.up_to))


def _check_order(name: str, tiers: Sequence[Tier]) -> None:
    before = Decimal(0)
    for place, tier in enumerate(tiers, 1):
        if tier.up_to is None:
            if place < len(tiers):
                raise PriceMalformed(
                    f"{name}, tier {place}: only the last tier has no end, and others follow."
                )
            return
        if Decimal(tier.up_to) <= before:
            raise PriceMalformed(
                f"{name}, tier {place}: it ends at {tier.up_to}, which is not above the "
                f"{before} where it begins."
            )
        before = Decimal(tier.up_to)
    raise PriceMalformed(
        f"{name}: the last tier ends at {tiers[-1].up_to}, and what comes above has no price; "
        "let it have no end."
    )


def _decimal(where: str, text: object) -> str:
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise PriceMalformed(
            f"{where}: a quantity is a number of at most 12 digits and nine decimal places."
        )
    whole, _, places = text.partition(".")
    places = places.rstrip("0")
    return f"{int(whole)}.{places}" if places else str(int(whole))
