"""Reading an idempotency key, and telling whether two requests are the same one.

No Django here: the fast path calls these for every write.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

from msgspec.json import Encoder

from accounts.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing

_PRINTABLE = re.compile(r"[ -~]{1,255}")
# RFC 8941: a quoted string escapes the quote and the backslash, and may escape nothing else.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r"\\(.)")
_encode = Encoder(order="deterministic").encode


def sent(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key in a request's headers. Raises IdempotencyKeyMissing, IdempotencyKeyMalformed."""
    values = [value for name, value in headers if name == b"idempotency-key"]
    if len(values) > 1:
        raise IdempotencyKeyMalformed("Send one Idempotency-Key header, not several.")
    return parse_header(values[0].decode("latin-1") if values else None)


def parse_header(value: str | None) -> str:
    """The key in an Idempotency-Key header; `abc` and `"abc"` are one key.

    Raises IdempotencyKeyMissing without a header, IdempotencyKeyMalformed for one that is no key.
    """
    if value is None:
        raise IdempotencyKeyMissing
    value = value.strip(" \t")
    if value.startswith('"'):
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            raise IdempotencyKeyMalformed
        value = _ESCAPED.sub(r"\1", quoted[1])
    return checked(value)


def checked(key: str) -> str:
    """The key itself when it is well formed. Raises IdempotencyKeyMalformed."""
    if not _PRINTABLE.fullmatch(key):
        raise IdempotencyKeyMalformed
    return key


def request_hash(method: str, path: str, body: object) -> int:
    """64 bits, signed, of what is asked: the JSON counts as a value, not as text."""
    head = f"{method} {path}\n".encode()
    return _signed_64_bits(head + _encode(body))


def lock_number(service_id: int, customer_id: UUID, key: str) -> int:
    """The advisory lock that requests with this key take turns on."""
    return _signed_64_bits(f"{service_id}/{customer_id.hex}/{key}".encode())


def _signed_64_bits(content: bytes) -> int:
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)
