"""How a chart writes its values, and the lines behind them."""

from decimal import Decimal

from billing import figures
from billing.charts.chart import Value


def name(unit: str) -> str:
    return "credits" if _is_credits(unit) else unit


def told(value: Value, unit: str) -> str:
    if unit == "%":
        return figures.percent(value, 1)
    if unit == "calls":
        return f"{int(value):,}"
    return figures.credits(value) if _is_credits(unit) else figures.money(value, unit)


def at_line(value: Decimal, step: Decimal, unit: str) -> str:
    """Without decimals where all of them are whole."""
    if unit == "%":
        return figures.percent(value, 0 if step >= Decimal("0.01") else 1)
    text = told(value, unit)
    whole, point, rest = text.partition(".")
    return whole if point and not rest.strip("0") else text


def least_step(unit: str) -> Decimal:
    """Between the lines behind the values: there is no half of a call."""
    return Decimal(1 if unit == "calls" else 0)


def _is_credits(unit: str) -> bool:
    return unit.lower() in ("credits", "cr")
