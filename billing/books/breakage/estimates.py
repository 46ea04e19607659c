"""B̂, all that will ever break of a cohort: a function of current data, never a stored amount.

A stored amount would let a refund of unused credits raise revenue (2.1).
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from billing.books.breakage.formula import Position
from billing.books.breakage.rates import checked, decimal
from billing.books.breakage.survival import surviving


def by_rate(position: Position, rate: Decimal) -> Decimal:
    """Minor units: so much of the cohort's value (2.1). Raises RateOutOfRange."""
    return decimal(checked(rate) * position.v)


def by_survival(position: Position, hazards: Sequence[Decimal], age: int) -> Decimal:
    """Minor units: what has expired, and what is outstanding at the end of so many months and
    will live to its expiry (2.5). Raises RateOutOfRange."""
    rate = Fraction(surviving(hazards, age))
    return decimal(position.a + position.o * rate)


def constrained(expected: Decimal, position: Position, limit: Decimal) -> Decimal:
    """Minor units: no more than the rate that passes the constraint (2.4). Raises
    RateOutOfRange."""
    return min(expected, by_rate(position, limit))
