"""What a file expects, read."""

import re
from decimal import Decimal
from typing import Any, NamedTuple

from billing.books.scenarios import fields

_LINE = re.compile(r"(Dr|Cr) ([U0-9]{3,4})(?::(\S+))? ([A-Z]{2,3}) ([0-9]+(?:\.[0-9]+)?)")
_CODE = re.compile(r"U[0-9]{2}|[0-9]{4}")
CREDITS = (
    *("available", "held", "frozen", "consumed", "expired", "refunded"),
    *("escheated", "voided", "issued"),
)


class Wanted(NamedTuple):
    """A balance; without a currency it is of the file's, or of credits."""

    currency: str | None
    code: str
    amount: Decimal


class Line(NamedTuple):
    """Of a journal: as the accounting rules write them."""

    side: str
    account: str
    lot: str | None
    unit: str
    amount: Decimal


def balances(value: Any) -> list[Wanted]:
    found = []
    for key, inner in _mapping(value).items():
        if isinstance(inner, dict):
            found += [_wanted(str(key), code, amount) for code, amount in inner.items()]
        else:
            found.append(_wanted(None, key, inner))
    return found


def credits_of(value: Any) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for customer, inner in _mapping(value).items():
        for name, amount in _mapping(inner).items():
            if name not in CREDITS:
                raise ValueError(f"{name} is none of {', '.join(CREDITS)}")
            found.setdefault(str(customer), {})[name] = fields.number(amount)
    return found


def journal(value: Any) -> list[Line]:
    if not isinstance(value, list):
        raise ValueError("a journal is a list of lines")
    return [_line(line) for line in value]


def refused(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("refusals are a list of error codes")
    return [fields.name(code) for code in value]


def _line(text: Any) -> Line:
    found = _LINE.fullmatch(" ".join(str(text).split()))
    if found is None:
        raise ValueError(f"{text!r} is no line like Dr 2100 USD 28.00")
    side, account, lot, unit, amount = found.groups()
    return Line(side, account, lot, unit, Decimal(amount))


def _wanted(currency: str | None, code: Any, amount: Any) -> Wanted:
    if not _CODE.fullmatch(str(code)):
        raise ValueError(f"{code!r} is no code of the chart of accounts")
    return Wanted(currency, str(code), fields.number(amount))


def _mapping(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} has no fields")
    return value
