"""E14 as a contract modification (25-13): nothing is posted at the change.

What is owed at that moment, net of the advance, is spread over the use that is still expected.
"""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.books.breakage.formula import Position, ultimate


class Base(NamedTuple):
    """Consumed, expired and recognised, in minor units, when the contract was modified."""

    c: int
    a: int
    n: int


def prospective(position: Position, expected: Decimal, base: Base) -> int:
    """N in minor units, half to even: the advance goes in a straight line from that of the base to
    all that is still to break, which it reaches when all use that is expected is made (E14).

    Raises ImpossiblePosition.
    """
    breakage = ultimate(position, expected)
    standing = _standing(position, base)
    if position.c < base.c:
        # Use taken back from before the change takes its part of the advance back (R15).
        advance = Fraction(standing * position.c, base.c)
    else:
        made = _made(position, base, breakage)
        advance = standing * (1 - made) + (breakage - position.a) * made
    return position.a + round(min(advance, Fraction(position.o)))


def _standing(position: Position, base: Base) -> int:
    """The advance of the base without what has expired since: that was what it was made for, and
    is in A now. Left in, it would be recognised twice."""
    return max(base.n - base.a - max(position.a - base.a, 0), 0)


def _made(position: Position, base: Base, breakage: Fraction) -> Fraction:
    """The part made of the use that was expected after the change; none where none was."""
    expected_after = position.v - breakage - base.c
    return (position.c - base.c) / expected_after if expected_after else Fraction(0)
