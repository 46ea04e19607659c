"""Usage events as a service sends them."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from accounts.models import Customer
from tests.ledger.fastpath.shop import NO_KEY, Api, name

ONE = "application/cloudevents+json"
LIST = "application/cloudevents-batch+json"

_unused = count(1)


def event(customer: Customer, type: str = "classify", **attributes: Any) -> dict[str, Any]:
    """One of its own, with no more than is required unless told otherwise."""
    made = {
        "specversion": "1.0",
        "id": f"event-{next(_unused)}",
        "source": "/meters/1",
        "type": type,
        "subject": name(customer),
    }
    return {name: value for name, value in (made | attributes).items() if value is not ...}


def ago(**by: float) -> str:
    return (datetime.now(UTC) - timedelta(**by)).isoformat()


def send(api: Api, body: Any, kind: str = LIST, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Content_Type": kind, "Idempotency_Key": NO_KEY} | headers
    return api.send("POST", "/events", content, **{k: v for k, v in headers.items() if v})


def report(api: Api, *events: Any) -> list[dict[str, Any]]:
    response = send(api, list(events))
    assert response.status_code == 202, response.text
    return response.json()["results"]


def told(results: list[dict[str, Any]]) -> list[str]:
    """The status of each, or why it was rejected."""
    return [
        result["problem"]["type"].removeprefix("/problems/")
        if result["status"] == "rejected"
        else result["status"]
        for result in results
    ]
