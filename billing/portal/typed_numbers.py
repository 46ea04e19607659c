"""Numbers of calls and quantities as people write them. Nobody guesses what 2.500 means."""

import re
from typing import Final

HOW: Final = "Write a number, as in 2,500 or 12.5."
WHOLE: Final = "Write a whole number, as in 2,500."

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?P<mark>[, ])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:\.[0-9]+)?")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_POINT: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


def quantity(text: str) -> str:
    """Without what stands between thousands. Raises ValueError, which says what to write."""
    text = " ".join(text.split())
    if _POINT.fullmatch(text):
        whole = text.replace(".", "")
        either = f" or {text}0" if text.count(".") == 1 else ""
        raise ValueError(f"{text} can be read in two ways: write {whole}{either}.")
    if not (text.isascii() and (_GROUPED.fullmatch(text) or _PLAIN.fullmatch(text))):
        raise ValueError(HOW)
    return text.replace(",", "").replace(" ", "")


def whole(text: str, *, most: int) -> int:
    """From 0 to `most`. Raises ValueError, which says what to write."""
    digits = quantity(text)
    if "." in digits:
        raise ValueError(WHOLE)
    if len(digits.lstrip("0")) > len(str(most)) or int(digits) > most:
        raise ValueError(f"{most:,} at most are calculated at once.")
    return int(digits)
