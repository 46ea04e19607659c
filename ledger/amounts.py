"""Credits: decimal strings outside, whole micro-credits inside, never a float. No Django here."""

import re
from typing import Final

from ledger.errors import MalformedAmount

CREDIT: Final = 1_000_000
# Leaves a wallet room for nine such amounts before its bigint is full.
LIMIT: Final = 10**12 * CREDIT

_WHOLE: Final = "000000"
_DECIMAL = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,6}))?")


def parse(value: object) -> int:
    """The micro-credits in a decimal string of at most six places, or in a JSON integer.

    Raises MalformedAmount for anything else.
    """
    if type(value) is str and (match := _DECIMAL.fullmatch(value)):
        amount = int(match[1]) * CREDIT + int((match[2] or "").ljust(6, "0"))
    elif type(value) is int:
        amount = value * CREDIT
    else:
        raise MalformedAmount
    if not 0 <= amount <= LIMIT:
        raise MalformedAmount
    return amount


def show(amount: int) -> str:
    """`4` and `12.5`: no exponent and no zeros at the end, so that equal amounts read the same."""
    whole, rest = divmod(abs(amount), CREDIT)
    text = f"{whole}.{rest:06}".rstrip("0") if rest else str(whole)
    return f"-{text}" if amount < 0 else text


def show_digits(amount: str) -> str:
    """The same of micro-credits in digits, not reckoned where they are whole credits."""
    return amount[:-6] if amount.endswith(_WHOLE) else show(int(amount))
