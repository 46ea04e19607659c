"""From the idempotency key that a service sends to the one that the core knows. No Django here."""

import re
from hashlib import blake2b
from typing import Final
from uuid import UUID

from accounts import ids

_UUID7 = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}")
_TIME: Final = ((1 << 48) - 1) << 80
_VERSION: Final = 0xF << 76
_VERSION_7: Final = 0x7 << 76
_VERSION_8: Final = 0x8 << 76
_VARIANT_MASK: Final = 0b11 << 62
_VARIANT: Final = 0b10 << 62

_BEHIND_MS: Final = 24 * 60 * 60 * 1000
_AHEAD_MS: Final = 10 * 60 * 1000


def core_key(service_id: int, key: str) -> UUID:
    """Services never share one: all but the time of a UUIDv7 is a hash of the service and the key.

    A UUIDv7 stays one, of its own time; any other key becomes a UUIDv8.
    """
    return _named(f"{service_id}/{key}", key)


def event_key(service_id: int, source: str, id: str) -> UUID:
    """The same for an event of a source: it depends on nothing else that the event says."""
    return _named(f"event/{service_id}/{len(source)}/{source}/{id}", id)


def lease_key(lease: UUID, sequence: int) -> UUID:
    """A settlement is named by its lease and its number, whoever sends it."""
    return _named(f"lease/{lease}/{sequence}", "")


def _named(text: str, key: str) -> UUID:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    bits = int.from_bytes(digest, "big") & ~_VERSION & ~_VARIANT_MASK | _VARIANT
    if 32 <= len(key) <= 36 and _UUID7.fullmatch(lower := key.lower()):
        time = int(lower.replace("-", "")[:12], 16) << 80
        return UUID(int=bits & ~_TIME | time | _VERSION_7)
    return UUID(int=bits | _VERSION_8)


def can_be_a_row(key: UUID, *, now_ms: int) -> bool:
    """Whether a row may have this key as its id: a UUIDv7 of about now, so that ids stay in order
    and in the partition of their month."""
    made_ms = ids.milliseconds(key)
    return key.version == 7 and now_ms - _BEHIND_MS <= made_ms <= now_ms + _AHEAD_MS
