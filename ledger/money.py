"""Money: `{"amount": "25.00", "currency": "USD"}` outside, whole minor units inside, no float."""

import re
from decimal import Decimal
from typing import NamedTuple

from moneyed import Currency, CurrencyDoesNotExist, Money, get_currency

from ledger import amounts
from ledger.errors import MalformedMoney

CREDITS = "CR"
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")


class Price(NamedTuple):
    amount: int  # minor units
    currency: str


def parse(value: object) -> Price:
    """Raises MalformedMoney, for an unknown currency and for more places than it has too."""
    if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
        raise MalformedMoney('Money is an object: {"amount": "25.00", "currency": "USD"}.')
    currency = _currency(value["currency"])
    money = Money(_decimal(value["amount"]), currency)
    minor = money.get_amount_in_sub_unit()
    if Decimal(minor) / currency.sub_unit != money.amount:
        raise MalformedMoney(f"{currency.code} has no fractions of 1/{currency.sub_unit}.")
    return Price(minor, currency.code)


def show(minor: int, currency: str) -> dict[str, str]:
    sub_unit = get_currency(currency).sub_unit
    places = len(str(sub_unit)) - 1
    return {"amount": f"{Decimal(minor) / sub_unit:.{places}f}", "currency": currency}


def show_unit(amount: int, unit: str) -> str:
    """An amount of the journal, whose units are credits and currencies."""
    return amounts.show(amount) if unit == CREDITS else show(amount, unit)["amount"]


def _decimal(value: object) -> Decimal:
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise MalformedMoney("An amount of money is a decimal string, zero or above.")
    return Decimal(value)


def _currency(code: object) -> Currency:
    try:
        return get_currency(code if isinstance(code, str) else "")
    except CurrencyDoesNotExist:
        raise MalformedMoney("currency is no ISO 4217 code.") from None
