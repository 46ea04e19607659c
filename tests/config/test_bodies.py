import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from django.core.handlers.asgi import ASGIHandler

from config.bodies import MeasuredBodies
from ledger.fastpath.http import Receive, Scope, Send

LIMIT = 1000


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the length that is declared, and the body."""
    length = dict(scope["headers"])[b"content-length"]
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": length + b" " + body})


def send(application: MeasuredBodies, content: bytes | AsyncIterator[bytes]) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/v1/customers", content=content)

    return asyncio.run(request())


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("content", [b"abcd", chunks(b"ab", b"cd")])
def test_a_body_says_its_length_however_it_came(content):
    assert send(MeasuredBodies(echo, limit=LIMIT), content).content == b"4 abcd"


@pytest.mark.parametrize("content", [b"x" * (LIMIT + 1), chunks(*[b"x" * 100] * 11)])
def test_one_that_is_too_long_is_not_handed_on(content):
    assert send(MeasuredBodies(echo, limit=LIMIT), content).content == b"1001 "


@pytest.mark.django_db
def test_and_is_refused_as_too_long(settings):
    settings.MAX_BODY_BYTES = LIMIT
    response = send(MeasuredBodies(ASGIHandler(), limit=LIMIT), chunks(*[b"x" * 100] * 11))
    assert response.status_code == 413
    assert response.json()["type"] == "/problems/request-too-large"


@pytest.mark.parametrize("declared", ["3", "5", "0", "-4", "x"])
def test_one_that_is_not_as_long_as_declared_is_refused(declared):
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(MeasuredBodies(echo, limit=LIMIT))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"Content-Length": declared, "X-Request-Id": "mine"}
            return await client.post("/v1/customers", content=b"abcd", headers=headers)

    response = asyncio.run(request())
    assert response.status_code == 400
    assert response.json()["type"] == "/problems/malformed-request"
    assert response.headers["X-Request-Id"] == response.json()["request_id"] == "mine"
