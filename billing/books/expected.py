"""B of an estimate, from the figures of the day on which it is asked (2.1: never stored)."""

from datetime import date
from decimal import Decimal

from billing.books import cohorts
from billing.books.breakage.estimates import by_rate, by_survival, constrained
from billing.books.breakage.formula import Position
from billing.books.cohorts import Cohort
from billing.models import Estimate, Method


def expected(name: str, estimate: Estimate | None, position: Position, as_of: date) -> Decimal:
    """In minor units, not rounded; what has expired, where nothing is estimated."""
    if estimate is None or estimate.method == Method.REMOTE:
        return Decimal(position.a)
    if estimate.hazards is None:
        return by_rate(position, estimate.rate or Decimal(0))
    age = cohorts.age(Cohort.read(name).month, as_of)
    amount = by_survival(position, [Decimal(hazard) for hazard in estimate.hazards], age)
    return amount if estimate.rate is None else constrained(amount, position, estimate.rate)
