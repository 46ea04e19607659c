"""What many equal calls in a row cost, without pricing each of them.

What a call costs changes only where the month passes the end of a quota or of a tier, and one call
passes it. So all calls between two such ends cost the same, to the millionth, and as much is
computed as the price has ends, however many calls there are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from ledger.prices import pricing
from ledger.prices.pricing import CALLS, NANO, Charge, Price, Quantity, Unit, billionths, in_text

SoFar = Mapping[str, str]


class Stretch(NamedTuple):
    """Calls in a row that cost the same, each of them `charge`."""

    calls: int
    charge: Charge


class Part(NamedTuple):
    """So much of a unit that costs `amount` for every `size` of it, over all the calls. Without an
    amount it is free by its quota."""

    unit: str
    size: int
    quantity: str
    amount: int | None

    @property
    def cost(self) -> Fraction:
        """Exact, in micro-credits."""
        return Fraction((self.amount or 0) * billionths(self.quantity), self.size * NANO)


class Repeated(NamedTuple):
    price: Price
    stretches: list[Stretch]
    parts: list[Part]

    @property
    def calls(self) -> int:
        return sum(stretch.calls for stretch in self.stretches)

    @property
    def quantities(self) -> dict[str, str] | None:
        """Of each call."""
        return self.stretches[0].charge.quantities

    @property
    def amount(self) -> int:
        """In micro-credits: what the calls one by one come to, each rounded by itself."""
        return sum(stretch.calls * stretch.charge.amount for stretch in self.stretches)


def repeated(price: Price, quantity: Quantity | None, so_far: SoFar, calls: int) -> Repeated:
    """`calls`, one at least, after what the month has had. Raises UnknownQuantity, and
    InvalidRequest for a quantity that is no number."""
    first = pricing.charge(price, quantity, so_far)
    each = {name: billionths(text) for name, text in (first.quantities or {}).items()}
    each[CALLS] = NANO
    before = {name: billionths(so_far.get(name, "0")) for name in each}
    ends = _ends(price, each, before, calls)
    charges = [
        Stretch(end - start, pricing.charge(price, quantity, _after(before, each, start)))
        for start, end in pairwise(ends)
    ]
    return Repeated(price, _joined(charges), _parts(price, each, before, ends))


def _ends(
    price: Price, each: Mapping[str, int], before: Mapping[str, int], calls: int
) -> Sequence[int]:
    """After how many calls the next one may cost something else."""
    found = {0, calls}
    for unit in price.units:
        now = each.get(unit.name, 0)
        if now and unit.depends_on_month:
            for end in _ends_of_tiers(unit):
                passing = (end - before[unit.name]) // now
                found |= {passing, passing + 1}
    return sorted(place for place in found if 0 <= place <= calls)


def _ends_of_tiers(unit: Unit) -> Iterator[int]:
    """And of the quota, which tiers come after."""
    free = billionths(unit.free)
    yield free
    for tier in unit.tiers:
        if tier.up_to is not None:
            yield free + billionths(tier.up_to)


def _after(before: Mapping[str, int], each: Mapping[str, int], calls: int) -> dict[str, str]:
    return {name: in_text(before[name] + calls * now) for name, now in each.items()}


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Neighbours that cost the same are one."""
    found: list[Stretch] = []
    for stretch in stretches:
        if found and found[-1].charge == stretch.charge:
            stretch = Stretch(found.pop().calls + stretch.calls, stretch.charge)
        found.append(stretch)
    return found


def _parts(
    price: Price, each: Mapping[str, int], before: Mapping[str, int], ends: Sequence[int]
) -> list[Part]:
    sums: dict[tuple[Unit, int | None], int] = defaultdict(int)
    for unit in price.units:
        now, begin = each.get(unit.name, 0), before.get(unit.name, 0)
        for start, end in pairwise(ends) if now else ():
            span = begin + start * now, begin + end * now
            for amount, quantity in _split(unit, *span, first=span[0] + now):
                sums[unit, amount] += quantity
    return [
        Part(unit.name, unit.size, in_text(quantity), amount)
        for (unit, amount), quantity in sums.items()
        if quantity
    ]


def _split(unit: Unit, start: int, end: int, *, first: int) -> Iterator[tuple[int | None, int]]:
    """By amounts, what a stretch has from so many billionths of the month to so many. `first` is
    where its first call ends, by which volume prices find the tier of them all."""
    free = billionths(unit.free)
    paid = max(start - free, 0), max(end - free, 0)
    yield None, (end - start) - (paid[1] - paid[0])
    if unit.mode == "flat":
        yield unit.amount, paid[1] - paid[0]
        return
    below = 0
    for tier in unit.tiers:
        above = max(end, first) if tier.up_to is None else billionths(tier.up_to)
        if unit.mode == "graduated":
            yield tier.amount, max(min(paid[1], above) - max(paid[0], below), 0)
        elif max(first - free, 0) <= above:
            yield tier.amount, paid[1] - paid[0]
            return
        below = above
