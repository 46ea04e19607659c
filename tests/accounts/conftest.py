import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from tests.factories.accounts import ServiceKeyFactory

NO_KEY = "(no header)"
_unused_keys = (f"test-{number}" for number in count())


@dataclass(frozen=True)
class Caller:
    """An HTTP client with a key. A write has an idempotency key of its own unless given one."""

    secret: str | None

    def get(self, path: str) -> HttpResponse:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        sent = {} if method == "GET" else {"Idempotency-Key": next(_unused_keys)}
        if self.secret is not None:
            sent["Authorization"] = f"Bearer {self.secret}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if sent.get("Idempotency-Key") == NO_KEY:
            del sent["Idempotency-Key"]
        return Client().generic(
            method, f"/v1{path}", content, content_type="application/json", headers=sent
        )


def problem(response: HttpResponse) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return response.status_code, response.json()["type"].rsplit("/", 1)[-1]


@pytest.fixture
def service(db: None) -> Caller:
    """A service whose key has every scope."""
    return Caller(ServiceKeyFactory().secret)


@pytest.fixture
def fresh(db: None, settings: Settings) -> None:
    """What other tests tried is not held against this one, and passwords are quickly checked."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For tests with several connections: what they write is committed, and stays.

    Flushing the tables afterwards, as pytest-django would, is what the service's role may not do.
    """
    with django_db_blocker.unblock():
        yield
        connections.close_all()
