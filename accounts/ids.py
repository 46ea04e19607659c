"""Ids: UUIDv7 inside, a prefix and 32 hex digits outside (`cus_0190…`)."""

import re
import time
from os import urandom
from uuid import UUID

from accounts.errors import InvalidId

CUSTOMER = "cus"
KEY = "key"

_HEX = re.compile(r"[0-9a-f]{32}")
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1
_NS_PER_MS = 1_000_000


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562): milliseconds, 12 bits of fraction, then chance."""
    ms, ns = divmod(time.time_ns(), _NS_PER_MS)
    fraction = (ns << 12) // _NS_PER_MS
    chance = int.from_bytes(urandom(8), "big") & _RANDOM_BITS
    return UUID(int=ms << 80 | _VERSION_7 | fraction << 64 | _VARIANT | chance)


def milliseconds(value: UUID) -> int:
    """When a version 7 was made, since 1970 (RFC 9562, 5.7)."""
    return value.int >> 80


def encode(prefix: str, value: UUID) -> str:
    return f"{prefix}_{value.hex}"


def decode(prefix: str, text: str) -> UUID:
    """The id inside `text`. One id has one outside form: capitals and dashes are refused.

    Raises InvalidId.
    """
    start = len(prefix) + 1
    if text[:start] != prefix + "_" or not _HEX.fullmatch(text, start):
        raise InvalidId
    return UUID(int=int(text[start:], 16))
