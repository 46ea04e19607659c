"""How staff's pages of the books write figures: with the decimals of their currency, and a minus
before what is below zero."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ledger import amounts
from ledger import money as ledger_money
from ledger.admin import shown

MINUS = "\N{MINUS SIGN}"


def money(amount: Any, currency: str) -> str:
    return _signed(ledger_money.show(int(amount), currency)["amount"])


def credits(amount: Any) -> str:
    return _signed(amounts.show(int(amount)))


def percent(part: Any, places: int = 2) -> str:
    """Of a part of one: 0.18 is 18 %."""
    if part is None:
        return "-"
    number = (Decimal(part) * 100).quantize(Decimal(1).scaleb(-places))
    return _signed(f"{number:f}") + " %"


def of_kind(value: Any, kind: str, currency: str | None) -> str:
    """A value of a report's column."""
    if value is None or value == "":
        return "-"
    if kind == "money":
        return money(value, currency) if currency else _signed(str(value))
    if kind == "credits":
        return credits(value)
    if kind == "percent":
        return percent(value)
    if kind == "number":
        return _signed(str(value))
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return shown.instant(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _signed(text: str) -> str:
    minus = MINUS if text.startswith("-") else ""
    return minus + shown.grouped(text.removeprefix("-"))
