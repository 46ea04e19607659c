"""Idempotency keys as a good caller makes them, cheaply."""

import time
from random import getrandbits


def new_key() -> str:
    """A UUIDv7; chance need not be secret here."""
    ms = time.time_ns() // 1_000_000
    value = ms << 80 | 7 << 76 | getrandbits(12) << 64 | 2 << 62 | getrandbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
