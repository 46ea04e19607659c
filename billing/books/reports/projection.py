"""What is expected of each cohort: how much still breaks, and when the rest is used (2.5, 8.2)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from billing.books import cohorts, engine, history
from billing.books.allocation import largest_remainder
from billing.books.breakage.estimates import by_survival
from billing.books.breakage.formula import Position, ultimate
from billing.books.breakage.survival import History, hazards
from billing.books.cohorts import Cohort
from billing.books.expected import expected
from billing.books.history import Observed
from billing.models import Estimate, Method


@dataclass(frozen=True)
class Standing:
    """A cohort at the end of a day; amounts are minor units. `hazards` is the curve of use of its
    currency, None where nothing of it expires, or the state may claim it."""

    name: str
    as_of: date
    position: Position
    recognised: int
    estimate: Estimate | None
    observed: Observed | None
    hazards: Sequence[Decimal] | None

    @property
    def cohort(self) -> Cohort:
        return Cohort.read(self.name)

    @property
    def age(self) -> int:
        return cohorts.age(self.cohort.month, self.as_of)

    @property
    def is_proportional(self) -> bool:
        return self.estimate is not None and self.estimate.method == Method.PROPORTIONAL

    @property
    def by_curve(self) -> Decimal | None:
        """B of the curve as it is today, whatever was decided (2.5)."""
        if self.hazards is None:
            return None
        return by_survival(self.position, self.hazards, self.age)

    @cached_property
    def breakage(self) -> int:
        """All that is expected to break: of the estimate in force. Without one that is used,
        what the curve says."""
        if self.is_proportional or self.by_curve is None:
            amount = expected(self.name, self.estimate, self.position, self.as_of)
        else:
            amount = self.by_curve
        return round(ultimate(self.position, amount))

    def schedule(self) -> list[int]:
        """What is expected to be used in each month to come, until the last expiry; the last is
        all later ones. In one amount where no curve says when."""
        use = self.position.v - self.position.c - self.breakage
        months = self.observed.months - self.age if self.observed else 0
        if self.hazards is None or months <= 0:
            return [use]
        weights = _weights(self.hazards, self.age, months)
        return largest_remainder(use, weights) if any(weights) else [0] * (months - 1) + [use]


def standings(as_of: date) -> list[Standing]:
    """Of every cohort, the oldest first; without what is refundable still (R12)."""
    observed = {one.cohort: one for one in history.observed(as_of)}
    curves = _curves(history.curve(as_of))
    recognised = cohorts.recognised(as_of)
    estimates = engine.latest_estimates(as_of)
    positions = cohorts.positions(as_of)
    return [
        Standing(
            name,
            as_of,
            positions.get(name, engine.NOTHING),
            recognised.get(name, 0),
            estimates.get(name),
            observed.get(name),
            curves.get(name),
        )
        for name in sorted({*positions, *observed})
    ]


def histories(observed: Sequence[Observed]) -> dict[str, list[Observed]]:
    """By currency: amounts of two are never added."""
    found = defaultdict(list)
    for one in observed:
        found[Cohort.read(one.cohort).currency].append(one)
    return found


def _curves(observed: Sequence[Observed]) -> dict[str, Sequence[Decimal]]:
    """By cohort: the curve of its currency."""
    found: dict[str, Sequence[Decimal]] = {}
    for its in histories(observed).values():
        seen: list[History] = [one.history for one in its]
        curve = hazards(seen, max(one.months for one in its))
        found |= {one.cohort: curve for one in its}
    return found


def _weights(curve: Sequence[Decimal], age: int, months: int) -> list[int]:
    """What is used in each month to come, of one that is outstanding."""
    left, weights = Fraction(1), []
    for hazard in curve[age : age + months]:
        weights.append(int(left * Fraction(hazard) * 10**18))
        left *= 1 - Fraction(hazard)
    return weights
