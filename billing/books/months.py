"""Months as people write them."""

import re
from datetime import date

_WRITTEN = re.compile(r"(?:19|20|21)[0-9]{2}-[01][0-9]", re.ASCII)


def read(text: str) -> date:
    """2026-10: its first day. Raises ValueError."""
    if not _WRITTEN.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(f"{text}-01")
