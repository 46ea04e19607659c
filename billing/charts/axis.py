"""The axis of a chart's amounts: where zero is, and at which round numbers its lines are."""

from collections.abc import Iterable
from decimal import Decimal
from math import ceil, floor
from typing import NamedTuple

LINES = 5
_ROUND = [Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)]


class Axis(NamedTuple):
    low: Decimal
    high: Decimal
    step: Decimal

    def ticks(self) -> list[Decimal]:
        many = int((self.high - self.low) / self.step)
        return [self.low + self.step * number for number in range(many + 1)]

    def part(self, value: Decimal | int) -> float:
        """From 0 at the top to 1 at the bottom."""
        return float((self.high - value) / (self.high - self.low))


def axis(values: Iterable[Decimal | int], *, least_step: Decimal = Decimal(0)) -> Axis:
    """It has zero, so that bars can be compared."""
    known = [Decimal(0), *(Decimal(value) for value in values)]
    low, high = min(known), max(known)
    step = _step(max((high - low) / LINES, least_step))
    return Axis(
        floor(low / step) * step, max(ceil(high / step), floor(low / step) + 1) * step, step
    )


def _step(at_least: Decimal) -> Decimal:
    if not at_least:
        return Decimal(1)
    power = Decimal(1).scaleb(at_least.adjusted())
    return next(power * one for one in _ROUND if power * one >= at_least)
