"""Posts what happened at the test provider to our webhook, signed, until it says that it has it."""

import httpx
from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import salted_hmac

from billing.models import SandboxEvent
from billing.providers import signatures

HEADER = "X-Test-Signature"
TIMEOUT_SECONDS = 10.0


def secret() -> bytes:
    return salted_hmac("billing.sandbox", "webhook", algorithm="sha256").digest()


def deliver(base_url: str = "") -> int:
    """In their order; what fails stays, and so does what follows. How many were delivered."""
    base = (base_url or settings.PUBLIC_URL).rstrip("/")
    waiting = SandboxEvent.objects.filter(delivered_at=None).order_by("created_at", "ref")
    delivered = 0
    for event in waiting:
        if not base or not _post(base + reverse("webhook", args=["test"]), event.body.encode()):
            break
        SandboxEvent.objects.filter(ref=event.ref).update(delivered_at=Now())
        delivered += 1
    return delivered


def _post(url: str, body: bytes) -> bool:
    headers = {HEADER: signatures.sign(body, secret()), "Content-Type": "application/json"}
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError:
        return False
    return answer.is_success
