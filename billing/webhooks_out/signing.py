"""Signatures of the Standard Webhooks specification: `v1`, HMAC-SHA256 under a `whsec_` secret."""

import secrets
from base64 import b64encode
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from accounts import ids
from accounts.ciphers import cipher
from billing.models import WebhookDelivery, WebhookEndpoint

EVENT: Final = "evt"

_PREFIX: Final = "whsec_"
_LENGTH: Final = 32  # bytes: the specification asks for 24 to 64
_PURPOSE: Final = b"webhook secrets"


def new_secret() -> str:
    return _PREFIX + b64encode(secrets.token_bytes(_LENGTH)).decode()


def encipher(secret: str) -> str:
    return cipher(_PURPOSE).encrypt(secret.encode()).decode()


def decipher(enciphered: str) -> str:
    return cipher(_PURPOSE).decrypt(enciphered.encode()).decode()


def headers(
    endpoint: WebhookEndpoint, delivery: WebhookDelivery, at: datetime | None = None
) -> dict[str, str]:
    """The id is the event's: the same with every attempt, so that a receiver knows it again."""
    at = at or datetime.now(UTC)
    id = ids.encode(EVENT, delivery.event_id)
    signatures = [Webhook(one).sign(id, at, delivery.body) for one in _valid(endpoint, at)]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _valid(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """The new one first."""
    valid = [endpoint.secret]
    if endpoint.previous_until is not None and endpoint.previous_until > at:
        valid.append(endpoint.previous_secret)
    return [decipher(one) for one in valid]
