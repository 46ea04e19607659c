"""Amounts as people read them. Programs read those of `ledger.amounts` and `ledger.money`."""

from decimal import Decimal
from typing import Final

from babel.numbers import format_currency
from moneyed import get_currency

from ledger.amounts import CREDIT

LOCALE: Final = "en_US"

LOT_KINDS: Final = {
    "paid": "Bought",
    "bonus": "Bonus",
    "promo": "Promotional",
    "goodwill": "Goodwill",
    "adjustment": "Adjustment",
}


def credits(amount: int) -> str:
    """Micro-credits, as in `12,500` or `0.35`."""
    whole, rest = divmod(abs(amount), CREDIT)
    text = f"{whole:,}" + (f".{rest:06}".rstrip("0") if rest else "")
    return f"-{text}" if amount < 0 else text


def estimated(amount: int) -> str:
    """What is not known more exactly: in hundredths, and above a hundred in whole credits."""
    return credits(round(amount, -6 if abs(amount) >= 100 * CREDIT else -4))


def money(minor: int, currency: str) -> str:
    """Minor units, as in `$25.00`, `CHF 25.00` or `¥2,500`."""
    amount = Decimal(minor) / get_currency(currency).sub_unit
    return format_currency(amount, currency, locale=LOCALE)


def unit_price(amount: Decimal, currency: str) -> str:
    """With two places more than the currency has, where it would be nearly nothing."""
    places = len(str(get_currency(currency).sub_unit)) - 1
    exact = amount.quantize(Decimal(10) ** -(places if amount >= 1 else places + 2))
    return format_currency(exact, currency, locale=LOCALE, decimal_quantization=False)


def percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"


def days(number: int) -> str:
    """A validity: `a year`, `2 years`, `90 days`."""
    years, rest = divmod(number, 365)
    if rest:
        return "1 day" if number == 1 else f"{number} days"
    return "a year" if years == 1 else f"{years} years"
