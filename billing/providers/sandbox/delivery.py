"""Posts what happened at the test provider to our webhook, signed, until it says that it has it."""

from contextlib import suppress
from functools import cache
from ssl import SSLContext
from typing import Any, Final

import httpx
from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import salted_hmac

from billing.models import SandboxEvent
from billing.providers import signatures

HEADER = "X-Test-Signature"
TIMEOUT_SECONDS: Final = 10.0
AT_ONCE: Final = 100


def secret() -> bytes:
    return salted_hmac("billing.sandbox", "webhook", algorithm="sha256").digest()


def deliver() -> int:
    """How many were delivered. Those that were not are tried again with the next."""
    url = settings.PUBLIC_URL.rstrip("/") + reverse("webhook", args=["test"])
    waiting = SandboxEvent.objects.filter(delivered_at=None).order_by("created_at", "ref")
    delivered = 0
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, verify=_trusted(), trust_env=False) as client,
        suppress(httpx.HTTPError),
    ):
        for event in waiting[:AT_ONCE]:
            if client.post(url, **_signed(event.body.encode())).is_success:
                SandboxEvent.objects.filter(ref=event.ref).update(delivered_at=Now())
                delivered += 1
    return delivered


@cache
def _trusted() -> SSLContext:
    """Whom TLS trusts is much to read: longer than many deliveries take."""
    return httpx.create_ssl_context(trust_env=False)


def _signed(body: bytes) -> dict[str, Any]:
    headers = {HEADER: signatures.sign(body, secret()), "Content-Type": "application/json"}
    return {"content": body, "headers": headers}
