"""A value of a report as text. Numbers are exact: no float comes near them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing.books.reports.table import Column
from ledger import amounts, money


def plain(value: Any, column: Column, currency: str | None) -> str:
    """For machines: decimal strings, dates as ISO 8601, a percentage as a part of one."""
    if value is None:
        return ""
    match column.kind:
        case "money" if currency is not None:
            return money.show(int(value), currency)["amount"]
        case "credits":
            return amounts.show(int(value))
        case "percent":
            return f"{Decimal(value).quantize(Decimal('1.000000')).normalize():f}"
        case "date" if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
    return str(value)


def grouped(value: Any, column: Column, currency: str | None) -> str:
    """For people: thousands apart, percentages as such."""
    text = plain(value, column, currency)
    if column.kind == "percent" and text:
        return f"{Decimal(value) * 100:,.2f} %"
    if column.kind in ("money", "credits", "number") and text:
        return f"{Decimal(text):,}"
    return text
