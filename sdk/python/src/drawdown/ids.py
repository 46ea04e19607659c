"""Names that are made once for each logical call: UUIDs of version 7 (RFC 9562, section 5.7)."""

from os import urandom
from time import time_ns
from uuid import UUID


def uuid7() -> UUID:
    """Begins with the time in milliseconds, so that the ledger may take it as the id of its row."""
    milliseconds = time_ns() // 1_000_000
    random = int.from_bytes(urandom(10), "big")
    upper, lower = random >> 68, random & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | upper << 64 | 0b10 << 62 | lower)
