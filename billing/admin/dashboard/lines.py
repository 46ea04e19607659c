"""Calls of endpoints and of customers, from what was worked out beforehand."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from moneyed import get_currency

from billing import figures
from billing.admin.dashboard.blocks import Cell, Seen, minute
from billing.margins import Line

WAIT: Final = "These figures are worked out in the background. See that the worker runs."
EMPTY: Final = "No call was made in this time. As soon as programs call, it stands here."


def read(kept: Sequence[Sequence[Any]]) -> list[Line]:
    """`of` as text."""
    return [Line(of, calls, credits, *map(Decimal, money)) for of, calls, credits, *money in kept]


def as_of(seen: Seen) -> str:
    return minute(seen.calls.as_of if seen.calls else None)


def empty(seen: Seen) -> str:
    if seen.calls is None:
        return WAIT
    return seen.calls.error or ("" if seen.calls.endpoints else EMPTY)


def credits_in_all(seen: Seen) -> int:
    return sum(credits for _, _, credits, *_ in seen.calls.endpoints) if seen.calls else 0


def use(line: Line, whole: int) -> list[Cell]:
    """Calls, credits, and their share of all that were used."""
    share = Decimal(line.credits) / whole if whole else None
    return [f"{line.calls:,}", figures.credits(line.credits), figures.percent(share, 1)]


def money(line: Line, currency: str) -> list[Cell]:
    """What is left for us of revenue, the cost, the margin, and its part."""
    amounts = (line.net, line.cost, line.margin)
    return [*(_money(one, currency) for one in amounts), figures.percent(line.part, 1)]


def money_columns(currency: str) -> list[str]:
    return [f"Revenue, {currency}", "Cost", "Margin", "Margin %"]


def top(lines: Iterable[Line], number: int) -> list[Line]:
    return [line for line in lines if line.credits > 0][:number]


def _money(amount: Decimal, currency: str) -> str:
    minor = (amount * get_currency(currency).sub_unit).quantize(Decimal(1), ROUND_HALF_EVEN)
    return figures.money(minor, currency)
