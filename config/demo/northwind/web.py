"""As much of ASGI as Northwind needs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeVar

import msgspec

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

T = TypeVar("T")

MAX_BODY = 4 * 1024 * 1024


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = {"content-type": "application/json"}


class ClientGone(Exception):
    """Nobody is left to be answered."""


class TooLarge(Exception):
    pass


def json_reply(status: int, body: object) -> Reply:
    return Reply(status, msgspec.json.encode(body))


def problem(status: int, title: str) -> Reply:
    body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status})
    return Reply(status, body, {"content-type": "application/problem+json"})


async def read_body(receive: Receive) -> bytes:
    """Raises ClientGone, TooLarge."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY:
            raise TooLarge
        if not message.get("more_body"):
            return body


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What `work` answers. Raises ClientGone as soon as the client hangs up."""
    working, leaving = asyncio.create_task(work), asyncio.ensure_future(receive())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def send_reply(send: Send, reply: Reply) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
