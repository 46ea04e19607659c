"""What a posting to 4200 consists of (section 3, R11)."""

from collections.abc import Callable
from typing import NamedTuple

from billing.books.breakage.formula import Position


class Movement(NamedTuple):
    """Minor units; below zero it is taken back."""

    catch_up: int
    current: int
    expiry: int

    @property
    def total(self) -> int:
        return self.catch_up + self.current + self.expiry


def movement(
    rule: Callable[[Position], int], posted: int, before: Position, now: Position
) -> Movement:
    """From `posted` to N now, in minor units: first the new estimate at what was consumed and
    expired before, then what was consumed since, then what expired since (section 3).

    `rule` is N with the new estimate as an amount: `partial(recognised, expected=...)`. The value
    is that of now throughout: a sale or a refund of unused credits is no change of estimate (E10).
    Raises ImpossiblePosition.
    """
    estimated = rule(_fitted(now.v, before.c, before.a))
    used = rule(_fitted(now.v, now.c, before.a))
    return Movement(estimated - posted, used - estimated, rule(now) - used)


def _fitted(v: int, c: int, a: int) -> Position:
    """The old figures may be too large: lots left the cohort, or expired credits came back."""
    expired = min(a, v)
    return Position(v, min(c, v - expired), expired)
