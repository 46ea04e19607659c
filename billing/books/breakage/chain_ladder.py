"""The same histories read as a chain ladder: a second opinion, never posted (2.5)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod

from billing.books.breakage.rates import decimal
from billing.books.breakage.survival import History

# Of the estimate, when the two methods should be looked at (2.5).
REVIEWED = Fraction(1, 10)


def factors(histories: Sequence[History], months: int) -> list[Decimal]:
    """From each month of age to the next up to the expiry, what use to date grows by (2.5). It is
    1 where nothing was seen to grow."""
    return [_factor(histories, month) for month in range(2, months + 1)]


def by_chain_ladder(history: History, factors: Sequence[Decimal]) -> Decimal | None:
    """Minor units: what is left of the cohort's value if its use to date grows so (2.5).

    Below zero where it projects more use than there is value: nothing bounds it. None for a
    cohort of no age, which has no use to project.
    """
    if not history.age:
        return None
    growth = prod(map(Fraction, factors[history.age - 1 :]), start=Fraction(1))
    return decimal(history.value - sum(history.censored) - sum(history.used) * growth)


def differs(survival: Decimal, ladder: Decimal | None) -> bool:
    """Whether to review an estimate: the gap is more than a tenth of it (2.5)."""
    if ladder is None:
        return False
    return abs(Fraction(survival) - Fraction(ladder)) > REVIEWED * Fraction(survival)


def _factor(histories: Sequence[History], month: int) -> Decimal:
    observed = [history.used for history in histories if history.age >= month]
    before = sum(sum(used[: month - 1]) for used in observed)
    after = sum(sum(used[:month]) for used in observed)
    return decimal(Fraction(after, before)) if before else Decimal(1)
