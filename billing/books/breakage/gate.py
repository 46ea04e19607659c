"""Whether the proportional method may be used, and with which rate (2.4; 55-48, 32-11 to 32-13)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import mean, variance
from typing import NamedTuple

from billing.books.breakage.rates import PRECISION, checked, decimal

ENOUGH_COHORTS = 12
ENOUGH_MONTHS = 24
WIDEST_SPREAD = Fraction(1, 4)
RECENT = 12  # matured cohorts, from which the constrained rate is taken


class Matured(NamedTuple):
    """A cohort of which nothing is outstanding: the month of its sales, and the rate that broke."""

    month: date
    rate: Decimal


class Enough(NamedTuple):
    """(a): matured cohorts, or months of cohorts."""

    passes: bool
    cohorts: int
    months: int


class Steady(NamedTuple):
    """(b): the coefficient of variation of all matured cohorts, None for fewer than two."""

    passes: bool
    variation: Decimal | None


class Comparable(NamedTuple):
    """(c): what was is no guide to a new expiry policy, price or product."""

    passes: bool
    change_pending: bool


class Gate(NamedTuple):
    """The tests and the rates: without a constraint, the mean of all matured cohorts, and with it.
    The rates are None where no cohort has matured."""

    enough: Enough
    steady: Steady
    comparable: Comparable
    mean: Decimal | None
    constrained: Decimal | None

    @property
    def passes(self) -> bool:
        return self.enough.passes and self.steady.passes and self.comparable.passes


def gate(
    matured: Sequence[Matured],
    months: int,
    *,
    change_pending: bool,
) -> Gate:
    """The three tests of section 2.4 for cohorts sold over so many months, and the lowest
    rate of the most recent that matured. Raises RateOutOfRange."""
    rates = [cohort.rate for cohort in sorted(matured, key=lambda one: one.month)]
    exact = [checked(rate) for rate in rates]
    return Gate(
        Enough(len(rates) >= ENOUGH_COHORTS or months >= ENOUGH_MONTHS, len(rates), months),
        _steady(exact),
        Comparable(not change_pending, change_pending),
        decimal(mean(exact)) if rates else None,
        min(rates[-RECENT:], default=None),
    )


def _steady(rates: Sequence[Fraction]) -> Steady:
    """Of a sample: the few cohorts that there are stand for those to come."""
    if len(rates) < 2:
        return Steady(False, None)
    average = mean(rates)
    squared = variance(rates) / average**2 if average else Fraction(0)
    return Steady(squared <= WIDEST_SPREAD**2, PRECISION.sqrt(decimal(squared)))
