"""The test provider's reports, as they come in over HTTP: in any order, any number of times."""

import json
import time
from typing import Any

from django.http import HttpResponse
from django.test import Client

from billing.models import ProviderEvent, SandboxEvent
from billing.providers import signatures
from billing.providers.sandbox import delivery

PATH = "/billing/webhooks/test"


def untold() -> list[str]:
    """The bodies of all that happened since this was asked last."""
    waiting = SandboxEvent.objects.filter(delivered_at=None).order_by("created_at")
    bodies = list(waiting.values_list("body", flat=True))
    waiting.delete()
    return bodies


def post(
    body: str | bytes, *, age: int = 0, secret: bytes | None = None, path: str = PATH
) -> HttpResponse:
    content = body.encode() if isinstance(body, str) else body
    at = int(time.time()) - age
    signed = signatures.sign(content, secret or delivery.secret(), at)
    return send(content, signed, path)


def send(content: bytes, signed: str, path: str = PATH) -> HttpResponse:
    headers = {delivery.HEADER: signed}
    return Client().generic("POST", path, content, "application/json", headers=headers)


def report(body: str) -> str:
    """What became of it."""
    response = post(body)
    assert response.status_code == 200, response.content
    state: str = response.json()["state"]
    return state


def altered(body: str, event_id: str, **data: Any) -> str:
    """Another event, which says something else."""
    said = json.loads(body)
    return json.dumps(said | {"id": event_id, "data": said["data"] | data})


def stored(body: str) -> ProviderEvent:
    return ProviderEvent.objects.get(event_id=json.loads(body)["id"])
