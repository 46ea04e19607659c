"""How a price came to be: a sum that one can follow, in whole micro-credits.

What is added here is added by itself, apart from `pricing.py`, which decides; where the two should
ever differ, the last step says so instead of hiding it.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from ledger.prices import pricing
from ledger.prices.pricing import CALLS, Price, Tier, Unit


class Kind(StrEnum):
    PER_CALL = "per-call"
    UNITS = "units"
    FREE = "free"  # of the month's quota
    ROUNDING = "rounding"  # once, of the whole sum
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    ASKED = "asked"  # the service gave the amount
    IN_PARTS = "in-parts"  # what was committed before the end
    OUTCOME = "outcome"  # what is not billed, by how it ended
    OTHER = "other"  # what no price of today explains
    UNCOLLECTED = "uncollected"


class Step(NamedTuple):
    """`quantity` of a unit at `rate` for every `size`; where a tier decides, it begins and ends at
    so much of the month."""

    kind: Kind
    amount: int
    unit: str = ""
    quantity: Fraction = Fraction(0)
    rate: int = 0
    size: int = 1
    tier: tuple[Fraction, Fraction | None] | None = None
    percent: int = 0


def of_charge(
    price: Price, quantities: Mapping[str, str] | None, so_far: Mapping[str, str]
) -> list[Step]:
    """Add up to what `pricing.charge` says."""
    exact = [(step, cost) for step, cost in _exact(price, quantities or {}, so_far)]
    steps = [step._replace(amount=round(cost)) for step, cost in exact]
    rounded = round(sum((cost for _, cost in exact), Fraction(0)))
    if rest := rounded - total(steps):
        steps.append(Step(Kind.ROUNDING, rest))
    amount = pricing.charge(price, quantities, so_far).amount
    if amount > rounded:
        steps.append(Step(Kind.MINIMUM, amount - rounded, rate=price.minimum or 0))
    elif amount < rounded:
        steps.append(Step(Kind.MAXIMUM, amount - rounded, rate=price.maximum or 0))
    return steps


def total(steps: list[Step]) -> int:
    return sum(step.amount for step in steps)


def _exact(
    price: Price, quantities: Mapping[str, str], so_far: Mapping[str, str]
) -> Iterator[tuple[Step, Fraction]]:
    if price.per_call or not price.units:
        yield Step(Kind.PER_CALL, 0, rate=price.per_call), Fraction(price.per_call)
    for unit in price.units:
        now = Fraction("1" if unit.name == CALLS else quantities.get(unit.name, "0"))
        before = Fraction(so_far.get(unit.name, "0")) if unit.depends_on_month else Fraction(0)
        yield from _of_unit(unit, before, now)


def _of_unit(unit: Unit, before: Fraction, now: Fraction) -> Iterator[tuple[Step, Fraction]]:
    free = Fraction(unit.free)
    start, end = max(before - free, Fraction(0)), max(before + now - free, Fraction(0))
    if saved := now - (end - start):
        yield Step(Kind.FREE, 0, unit.name, saved), Fraction(0)
    if start == end:
        return
    for tier, quantity, rate in _rates(unit, start, end):
        step = Step(Kind.UNITS, 0, unit.name, quantity, rate, unit.size, tier)
        yield step, quantity * rate / unit.size


def _rates(
    unit: Unit, start: Fraction, end: Fraction
) -> Iterator[tuple[tuple[Fraction, Fraction | None] | None, Fraction, int]]:
    """From so many of the month to so many, after those that are free."""
    if unit.mode == "flat":
        yield None, end - start, unit.amount
        return
    for begins, ends, tier in _tiers(unit.tiers):
        if unit.mode == "volume":
            if ends is None or end <= ends:
                yield (begins, ends), end - start, tier.amount
                return
            continue
        within = min(end, ends) if ends is not None else end
        if within > max(start, begins):
            yield (begins, ends), within - max(start, begins), tier.amount


def _tiers(tiers: tuple[Tier, ...]) -> Iterator[tuple[Fraction, Fraction | None, Tier]]:
    begins = Fraction(0)
    for tier in tiers:
        ends = None if tier.up_to is None else Fraction(tier.up_to)
        yield begins, ends, tier
        begins = ends or begins
