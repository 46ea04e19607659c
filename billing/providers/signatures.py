"""Signatures as Stripe's are made: the HMAC of an instant and the body, `t=1700000000,v1=…`."""

import hmac
import time
from hashlib import sha256

from billing.errors import WebhookRefused
from billing.providers.base import AGE_MAX_SECONDS


def sign(body: bytes, secret: bytes, at: int | None = None) -> str:
    at = int(time.time()) if at is None else at
    return f"t={at},v1={_digest(body, secret, str(at))}"


def check(body: bytes, header: str, secret: bytes) -> None:
    """Raises WebhookRefused."""
    parts = [part.partition("=") for part in header.split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    expected = _digest(body, secret, at).encode()
    given = [value.encode() for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(one, expected) for one in given):
        raise WebhookRefused("The signature is not ours.")
    if not at.isdecimal() or abs(time.time() - int(at)) > AGE_MAX_SECONDS:
        raise WebhookRefused("The signature is too old, or of a time to come.")


def _digest(body: bytes, secret: bytes, at: str) -> str:
    return hmac.new(secret, at.encode() + b"." + body, sha256).hexdigest()
