"""Reading one field of an event. Each of these raises ValueError with what is wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from billing.books import months
from ledger import amounts, money
from ledger.errors import MalformedAmount, MalformedMoney

_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")
_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,10})?")
_RATE = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*(%?)")

Reader = Callable[[Any], Any]


class Field(NamedTuple):
    read: Reader
    required: bool = False


Shape = Mapping[str, Field]


def must(read: Reader) -> Field:
    return Field(read, required=True)


def may(read: Reader) -> Field:
    return Field(read)


def name(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"{value!r} is no name: quote it")
    return str(value)


def instant(value: Any) -> datetime:
    """A date is its first moment in UTC, as is a time without a zone."""
    if isinstance(value, str):
        value = _instant(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError(f"{value!r} is no date: 2025-01-31, or 2025-01-31T12:00:00Z")


def month(value: Any) -> date:
    """Its first day."""
    try:
        return months.read(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no month: 2025-01") from None


def credits(value: Any) -> int:
    """Micro-credits; zero and above."""
    try:
        return amounts.parse(_plain(value))
    except MalformedAmount:
        raise ValueError(f"{value!r} is no number of credits") from None


def signed_credits(value: Any) -> int:
    text = str(_plain(value))
    return -credits(text[1:]) if text.startswith("-") else credits(text.removeprefix("+"))


def amount(value: Any) -> str:
    """Of money, in units of its currency. How many places that has, the event's currency says."""
    text = str(_plain(value))
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{value!r} is no amount of money")
    return text


def number(value: Any) -> Decimal:
    text = str(_plain(value))
    if not re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?", text):
        raise ValueError(f"{value!r} is no number")
    return Decimal(text)


def rate(value: Any) -> Decimal:
    """A part of the whole, 0.10, or so many per cent, 10 %. Its range is for the books to judge."""
    found = _RATE.fullmatch(str(_plain(value)).strip())
    if found is None:
        raise ValueError(f"{value!r} is no rate: 0.10")
    return Decimal(found[1]) / (100 if found[2] else 1)


def currency(value: Any) -> str:
    try:
        return money.parse({"amount": "1", "currency": value}).currency
    except MalformedMoney:
        raise ValueError(f"{value!r} is no ISO 4217 currency") from None


def jurisdiction(value: Any) -> str:
    """ISO 3166: a country, or a region of it."""
    if not isinstance(value, str) or not _JURISDICTION.fullmatch(value):
        raise ValueError(f"{value!r} is no jurisdiction like US-DE")
    return value


def yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdigit():
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is no number")
    return value


def _instant(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
