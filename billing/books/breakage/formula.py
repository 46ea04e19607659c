"""Breakage recognised to date, N of section 2.1: computed exactly, rounded once."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

# Of the use expected, when nearly all that is owed has been recognised (2.1).
OVER_REDEEMED = Fraction(97, 100)


class ImpossiblePosition(ValueError):
    """More was used or expired than there was, or less than nothing."""


class Position(NamedTuple):
    """A cohort's money in minor units: its value, and what of that was consumed and expired (2)."""

    v: int
    c: int
    a: int

    @property
    def o(self) -> int:
        return self.v - self.c - self.a


def recognised(position: Position, expected: Decimal) -> int:
    """N of the proportional method, in minor units, half to even (2.1, 2.3).

    `expected` is the estimate of all that will ever break, in minor units: any number, because
    what has broken already, and what still can, bound it. Raises ImpossiblePosition.
    """
    breakage = ultimate(position, expected)
    redemptions = position.v - breakage
    if not redemptions:
        return position.a
    return round(position.a + (breakage - position.a) * position.c / redemptions)


def remote(position: Position, judged_remote: int) -> int:
    """N of the remote method, in minor units: what expired, and of what is outstanding as much as
    is judged so unlikely to be used (2.1). Raises ImpossiblePosition."""
    check(position)
    return position.a + max(min(judged_remote, position.o), 0)


def ultimate(position: Position, expected: Decimal) -> Fraction:
    """B: neither less than has broken, nor more than still can (2.1)."""
    check(position)
    broken = Fraction(position.a)
    return min(max(Fraction(expected), broken), broken + position.o)


def is_over_redeemed(position: Position, expected: Decimal) -> bool:
    """The alarm of section 2.1: customers hold credits for which almost nothing is owed."""
    redemptions = position.v - ultimate(position, expected)
    return position.o > 0 and position.c > OVER_REDEEMED * redemptions


def check(position: Position) -> None:
    if min(position.c, position.a, position.o) < 0:
        raise ImpossiblePosition(str(position))
