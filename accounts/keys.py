"""The text of a key: `dds_<32 characters>_<6 characters of checksum>`.

The prefix says whose key it is (`dds` a service's, `ddk` a customer's, `ddt` a customer's for its
sandbox), to people and to secret scanners. The checksum lets a mistyped key be refused without
asking the database.
"""

import hmac
import secrets
import string
from enum import StrEnum
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SHOWN_LENGTH = 12

_SECRET_LENGTH = 32
_CHECKSUM_LENGTH = 6
_BODY_LENGTH = len("dds_") + _SECRET_LENGTH
_KEY_LENGTH = _BODY_LENGTH + 1 + _CHECKSUM_LENGTH


class KeyKind(StrEnum):
    SERVICE = "dds"
    CUSTOMER = "ddk"
    TEST = "ddt"


# What a customer presents to the provider.
OF_CUSTOMERS = frozenset({KeyKind.CUSTOMER, KeyKind.TEST})


_KINDS = {f"{kind}_": kind for kind in KeyKind}


def generate(kind: KeyKind) -> str:
    """A new key of 190 random bits."""
    body = f"{kind}_" + "".join(secrets.choice(ALPHABET) for _ in range(_SECRET_LENGTH))
    return f"{body}_{checksum(body)}"


def checksum(body: str) -> str:
    """The CRC-32 of everything before the last underscore, in base 62."""
    rest = crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def parse(text: str) -> KeyKind | None:
    """Whose key this text could be; None when no key of ours can read so."""
    if len(text) != _KEY_LENGTH or not text.isascii():
        return None
    body = text[:_BODY_LENGTH]
    if text[_BODY_LENGTH:] != "_" + checksum(body):
        return None
    return _KINDS.get(text[:4])


def digest(text: str, *, pepper: bytes) -> bytes:
    """What is stored of a key. Without the pepper, a stolen table cannot test a guess."""
    return hmac.digest(pepper, text.encode(), "sha256")


def shown_prefix(text: str) -> str:
    """The part that tells one key from another on a page."""
    return text[:SHOWN_LENGTH]


def bearer(authorization: str | None) -> str | None:
    """The key in an Authorization header, or None when it carries none."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return text.strip() or None
