"""Parts of a whole: Decimals from 0 to 1."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

# Amounts have up to 19 digits: an estimate is exact far below a minor unit.
PRECISION = Context(prec=50, rounding=ROUND_HALF_EVEN)


class RateOutOfRange(ValueError):
    """A rate that is no part of a whole: below 0, above 1, or no number."""


def checked(rate: Decimal) -> Fraction:
    if not rate.is_finite() or not 0 <= rate <= 1:
        raise RateOutOfRange(str(rate))
    return Fraction(rate)


def decimal(exact: Fraction) -> Decimal:
    return PRECISION.divide(Decimal(exact.numerator), Decimal(exact.denominator))
