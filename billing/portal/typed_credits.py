"""Credits as people write them. Half of the world reads 2.500 as 2,500: nobody guesses here."""

import re
from typing import Final

from ledger import amounts
from ledger.errors import MalformedAmount

HOW: Final = "Write how many credits, above zero, as in 2,500 or 12.5."

_PLACES: Final = "Credits have up to six places after the point."
_TOO_MANY: Final = "These are more credits than there can be: write fewer."

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?P<mark>[, ])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:\.[0-9]+)?")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MANY_PLACES: Final = re.compile(r"\.[0-9]{7,}")
# A comma before anything but three figures, or a point that may be one between thousands.
_COMMA: Final = re.compile(r"[0-9]+,[0-9]+|[0-9.]+,[0-9]+")
_POINT: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


def parse(text: str) -> int:
    """Micro-credits. Raises ValueError, which says what to write."""
    text = " ".join(text.split())
    if _POINT.fullmatch(text):
        whole, exact = text.replace(".", ""), f"{text}0"
        either = f" or {exact}" if text.count(".") == 1 else ""
        raise ValueError(f"{text} can be read in two ways: write {whole}{either}.")
    if not (_GROUPED.fullmatch(text) or _PLAIN.fullmatch(text)):
        if _COMMA.fullmatch(text):
            raise ValueError("The comma is between thousands, the point before parts: 2,500.5.")
        raise ValueError(HOW)
    try:
        amount = amounts.parse(text.replace(",", "").replace(" ", ""))
    except MalformedAmount:
        raise ValueError(_PLACES if _MANY_PLACES.search(text) else _TOO_MANY) from None
    if not amount:
        raise ValueError(HOW)
    return amount
