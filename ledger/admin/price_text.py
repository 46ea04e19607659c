"""Prices as staff read and write them, in credits."""

import re
from collections.abc import Sequence
from typing import Final

from ledger import amounts
from ledger.admin.shown import grouped
from ledger.errors import MalformedAmount, PriceMalformed
from ledger.prices.pricing import CALLS, Price, Tier, Unit

HOW_TIERS_ARE_WRITTEN: Final = (
    "Write “up to 1000: 0.5”, one tier a line, and “above: 0.4” as the last one."
)

_TIER = re.compile(r"up\s+to\s+(?P<up_to>[0-9.,\s]+?)\s*:\s*(?P<amount>\S+)", re.IGNORECASE)
_REST = re.compile(r"above\s*:\s*(?P<amount>\S+)", re.IGNORECASE)


def read_tiers(text: str) -> tuple[Tier, ...]:
    """Raises PriceMalformed, which names the line."""
    return tuple(_tier(place, line) for place, line in enumerate(text.strip().splitlines(), 1))


def _tier(place: int, line: str) -> Tier:
    found = _TIER.fullmatch(line.strip()) or _REST.fullmatch(line.strip())
    if found is None:
        raise PriceMalformed(f"Line {place}, “{line.strip()}”: {HOW_TIERS_ARE_WRITTEN}")
    try:
        amount = amounts.parse(found["amount"])
    except MalformedAmount:
        raise PriceMalformed(
            f"Line {place}: {found['amount']} is no price; it is credits, not below zero, with at "
            "most six decimal places."
        ) from None
    up_to = found.groupdict().get("up_to")
    return Tier(re.sub(r"[,\s]", "", up_to) if up_to else None, amount)


def write_tiers(tiers: Sequence[Tier]) -> str:
    return "\n".join(
        f"{'above' if tier.up_to is None else f'up to {tier.up_to}'}: {amounts.show(tier.amount)}"
        for tier in tiers
    )


def in_words(price: Price) -> str:
    """On one line, to be compared with another."""
    parts = [_unit(unit) for unit in price.units]
    if price.per_call or not parts:
        parts.insert(0, f"{_credits(price.per_call)} a call")
    if price.minimum is not None:
        parts.append(f"at least {_credits(price.minimum)}")
    if price.maximum is not None:
        parts.append(f"at most {_credits(price.maximum)}")
    return "; ".join(parts)


def _unit(unit: Unit) -> str:
    many = f"{grouped(str(unit.size))} {unit.name}" if unit.size > 1 else _one(unit.name)
    free = f", {grouped(unit.free)} a month free" if unit.free != "0" else ""
    if not unit.tiers:
        return f"{_credits(unit.amount)} per {many}{free}"
    return f"per {many}, by {unit.mode} tiers a month: {_tiers(unit.tiers)}{free}"


def _tiers(tiers: Sequence[Tier]) -> str:
    return ", ".join(
        f"then {_credits(tier.amount)}"
        if tier.up_to is None
        else f"{_credits(tier.amount)} up to {grouped(tier.up_to)}"
        for tier in tiers
    )


def _one(name: str) -> str:
    return "call" if name == CALLS else f"1 of {name}"


def _credits(amount: int) -> str:
    return grouped(amounts.show(amount))
