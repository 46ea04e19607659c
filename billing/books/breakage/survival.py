"""How much of what is left is used in each month of a cohort's age (2.5)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import NamedTuple

from billing.books.breakage.rates import checked, decimal


class History(NamedTuple):
    """A cohort as far as it was observed, in minor units.

    `value` is all that was sold. `used` and `censored` have one amount for each month of age;
    censored is what left without being used or kept: refunds, chargebacks, unclaimed property, and
    what expired early. It leaves at the end of its month.
    """

    value: int
    used: Sequence[int]
    censored: Sequence[int]

    @property
    def age(self) -> int:
        return len(self.used)

    def at_risk(self, month: int) -> int:
        """What could be used in that month of age, of which the first is 1."""
        return self.value - sum(self.used[: month - 1]) - sum(self.censored[: month - 1])


def hazards(histories: Sequence[History], months: int) -> list[Decimal]:
    """For each month of age up to the expiry, the part used of what was at risk (2.5).

    It is 1 for an age at which nobody had anything left: no breakage is expected where none was
    ever seen. Raises RateOutOfRange where more was used than there was.
    """
    return [_hazard(histories, month) for month in range(1, months + 1)]


def surviving(hazards: Sequence[Decimal], age: int) -> Decimal:
    """The part of what is outstanding at the end of that month of age that will not be used
    (2.5). Age 0 is a new cohort. Raises RateOutOfRange."""
    return decimal(prod((1 - checked(hazard) for hazard in hazards[age:]), start=Fraction(1)))


def _hazard(histories: Sequence[History], month: int) -> Decimal:
    observed = [history for history in histories if history.age >= month]
    at_risk = sum(history.at_risk(month) for history in observed)
    if not at_risk:
        return Decimal(1)
    hazard = decimal(Fraction(sum(history.used[month - 1] for history in observed), at_risk))
    checked(hazard)
    return hazard
