"""Webhooks, verified (Standard Webhooks, https://www.standardwebhooks.com)."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from time import time
from typing import Any, Final

from drawdown.errors import NotVerified

TOLERANCE_SECONDS: Final = 300
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Event:
    id: str  # the same each time it is sent: remember it
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


def verify(
    secret: str, body: bytes, headers: Mapping[str, str], *, now: float | None = None
) -> Event:
    """The event in the body as it came, before anything parses it. Raises NotVerified."""
    told = {name.lower(): value for name, value in headers.items()}
    try:
        id, timestamp = told["webhook-id"], told["webhook-timestamp"]
        signatures = told["webhook-signature"].split()
    except KeyError as missing:
        raise NotVerified(f"The header {missing} is missing.") from None
    _check_age(timestamp, time() if now is None else now)
    expected = _signature(secret, id, timestamp, body)
    if not any(hmac.compare_digest(expected, _bytes(each)) for each in signatures):
        raise NotVerified("No signature fits: is it the secret of this endpoint?")
    return _read(id, body)


def _check_age(timestamp: str, now: float) -> None:
    if not timestamp.isascii() or not timestamp.isdigit():
        raise NotVerified(f"{timestamp!r} is no timestamp.")
    if abs(now - float(timestamp)) > TOLERANCE_SECONDS:
        raise NotVerified("It was signed more than five minutes ago, or a clock is wrong.")


def _signature(secret: str, id: str, timestamp: str, body: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError("A webhook secret begins with whsec_ and is Base64.")
    signed = b".".join([_bytes(id), _bytes(timestamp), body])
    return b"v1," + base64.b64encode(hmac.digest(key, signed, sha256))


def _bytes(text: str) -> bytes:
    """Servers hand on in surrogates what is no text, each in another way."""
    return text.encode(errors="surrogatepass")


def _read(id: str, body: bytes) -> Event:
    try:
        raw = json.loads(body)
        return Event(id, raw["type"], datetime.fromisoformat(raw["timestamp"]), raw["data"])
    except (ValueError, KeyError, TypeError):
        raise NotVerified("The body is no event.") from None
