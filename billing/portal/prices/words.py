"""A price as a customer reads it, who need not be a programmer."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from billing import shown
from ledger.amounts import CREDIT
from ledger.prices.pricing import ALL, CALLS, Billed, Price, Unit, billionths, in_text

NOTHING: Final = "Nothing"


class Rate(NamedTuple):
    """What is paid for, its tiers where it has some, and what else is to be known of it."""

    text: str
    tiers: list[str]
    notes: list[str]


def rates(price: Price, so_far: Mapping[str, str] | None = None) -> list[Rate]:
    """Of one call, and where it is said what the month has had, what is left of it."""
    found = [Rate(f"{credits(price.per_call)} a call", [], [])] if price.per_call else []
    found += [_rate(unit, so_far) for unit in price.units]
    found = found or [Rate(NOTHING, [], [])]
    bounds = [("At least", price.minimum), ("At most", price.maximum)]
    return found + [
        Rate(f"{word} {credits(amount)} for a call", [], [])
        for word, amount in bounds
        if amount is not None
    ]


def in_a_sentence(price: Price) -> str:
    """As in: which costs ..."""
    said = [f"{credits(price.per_call)} a call"] if price.per_call else []
    for unit in price.units:
        said.append(f"{unit.name} by tiers" if unit.tiers else per(unit.amount, unit.size, unit))
    return " and ".join(said) or "nothing"


def credits(amount: int) -> str:
    return f"{shown.credits(amount)} credit{'' if amount == CREDIT else 's'}"


def per(amount: int, size: int, unit: Unit) -> str:
    if unit.name == CALLS:
        return f"{credits(amount)} a call" if size == 1 else f"{credits(amount)} per {size:,} calls"
    if size == 1:
        return f"{credits(amount)} for each of {unit.name}"
    return f"{credits(amount)} per {size:,} {unit.name}"


def grouped(quantity: str) -> str:
    """`12000.5` as `12,000.5`."""
    whole, point, rest = quantity.partition(".")
    return f"{int(whole):,}{point}{rest}"


def failing(billed: Billed) -> list[str]:
    """What is paid of a call by how it ended, where that is not what one thinks anyway."""
    failures = {
        "Your own errors (4xx)": billed.client_error,
        "Errors of the service (5xx)": billed.server_error,
        "Timeouts": billed.timeout,
    }
    if not any(failures.values()):
        said = ["Calls that fail cost nothing"]
    else:
        said = [f"{name}: {_share(percent)}" for name, percent in failures.items()]
    if billed.partial != ALL:
        said.append(f"Answers in part: {_share(billed.partial)}")
    if billed.success != ALL:
        said.append(f"Calls that succeed: {_share(billed.success)}")
    return said


def _share(percent: int) -> str:
    if percent == ALL:
        return "the full price"
    return f"{percent} % of the price" if percent else "nothing"


def _rate(unit: Unit, so_far: Mapping[str, str] | None) -> Rate:
    used = None if so_far is None else so_far.get(unit.name, "0")
    if not unit.tiers:
        return Rate(per(unit.amount, unit.size, unit), [], list(_notes(unit, used)))
    if unit.mode == "volume":
        said = f"{unit.name.capitalize()}: all of a call at the price that the month has reached"
    else:
        said = f"{unit.name.capitalize()}: each part at the price of its tier"
    return Rate(said, list(_tiers(unit)), list(_notes(unit, used)))


def _tiers(unit: Unit) -> Iterator[str]:
    below = ""
    for tier in unit.tiers:
        price = per(tier.amount, unit.size, unit)
        if tier.up_to is None:
            yield f"above {below}: {price}" if below else price
        elif below:
            yield f"from {below} to {grouped(tier.up_to)} a month: {price}"
        else:
            yield f"up to {grouped(tier.up_to)} a month: {price}"
        below = grouped(tier.up_to or "0")


def _notes(unit: Unit, used: str | None) -> Iterator[str]:
    if unit.free != "0":
        after = "; tiers count what comes after them" if unit.tiers else ""
        yield f"{grouped(unit.free)} {unit.name} a month are free{after}"
        if used is not None:
            left = max(billionths(unit.free) - billionths(used), 0)
            yield f"{grouped(in_text(left)) if left else 'None'} of them left this month"
    if unit.tiers and used is not None:
        yield f"{grouped(used)} {unit.name} used so far this month"
