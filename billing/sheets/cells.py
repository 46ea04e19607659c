"""What a cell's text says. Each raises ValueError with words for who wrote it."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from moneyed import CurrencyDoesNotExist, get_currency

from ledger import amounts, money
from ledger.errors import MalformedAmount, MalformedMoney

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AMOUNT: Final = "Write a number with a point before its parts, as in 2500 or 12.5."
_INSTANT: Final = "Write a day as in 2026-12-31, or an instant as in 2026-12-31T18:00:00Z."


def credits(text: str) -> int:
    """Micro-credits, above zero."""
    try:
        amount = amounts.parse(_number(text))
    except MalformedAmount:
        raise ValueError(
            "Credits have up to six places, and are up to 1,000,000,000,000."
        ) from None
    if not amount:
        raise ValueError("Credits are above zero.")
    return amount


def amount_of_money(text: str, currency: str) -> int:
    """Minor units, zero or above."""
    try:
        return money.parse({"amount": _number(text), "currency": currency}).amount
    except MalformedMoney as refusal:
        raise ValueError(str(refusal)) from None


def currency(text: str) -> str:
    try:
        return str(get_currency(text.upper()).code)
    except CurrencyDoesNotExist:
        raise ValueError(f"{text[:20]} is no currency: write its code, as in USD.") from None


def choice(text: str, known: Collection[str]) -> str:
    if text.lower() not in known:
        raise ValueError(f"{text[:20]} is none of {', '.join(known)}.")
    return text.lower()


def instant(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime:
    """A day begins, or ends, in `zone`; a time without a zone is in it."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            at = datetime.combine(day, time.max.replace(microsecond=0) if end_of_day else time.min)
        else:
            at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_INSTANT) from None


def text(value: str, length: int) -> str:
    if len(value) > length:
        raise ValueError(f"It has {len(value)} characters, and may have {length}.")
    return value


def _number(text: str) -> str:
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise ValueError(_AMOUNT)
    whole, _, rest = text.partition(".")
    return f"{int(whole)}.{rest}" if rest else str(int(Decimal(whole)))
