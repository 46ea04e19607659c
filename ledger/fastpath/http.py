"""What the fast path needs of HTTP, over ASGI."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from ledger.errors import MalformedAmount
from ledger.fastpath.refusals import MalformedJson, MalformedRequest, TooLarge

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

Header = tuple[bytes, bytes]

JSON: Final = (b"content-type", b"application/json")
REPLAYED: Final = (b"idempotent-replayed", b"true")

_decode = msgspec.json.Decoder().decode
_MINUS_ZERO = re.compile(rb":\s*-0\s*[,}]")


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: list[Header]
    # For the log.
    code: str = ""
    reservation: str = ""


class ClientGone(Exception):
    """Nobody is there to be answered."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, *, limit: int) -> bytes:
    """Raises TooLarge, MalformedRequest, ClientGone."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(limit)
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge(limit)
        if not message.get("more_body"):
            break
    # The server sees to it. A body that it lost all the same would mean something else, and
    # often more: a commit without one takes the whole hold.
    if declared and not (declared.isdigit() and int(declared) == len(body)):
        raise MalformedRequest(f"The body has {len(body)} bytes, not as many as were declared.")
    return body


def decode(body: bytes) -> object:
    """An empty body is an empty object. Raises MalformedJson, MalformedAmount."""
    try:
        value = _decode(body) if body else {}
    except (msgspec.DecodeError, RecursionError) as error:
        if _amount_is_no_json(body):
            raise MalformedAmount from None
        raise MalformedJson(error) from None
    if has_minus_zero(body):
        # It is an integer like others, whose sign would be lost.
        return json.loads(body, parse_int=lambda digits: -1 if digits == "-0" else int(digits))
    return value


def has_minus_zero(body: bytes) -> bool:
    return b"-0" in body and _MINUS_ZERO.search(body) is not None


def address(scope: Scope) -> str | None:
    """Whose connection it is: a service's, or that of a proxy before us."""
    client = scope.get("client")
    # An address of one link only, fe80::1%eth0, names the link too.
    return client[0].partition("%")[0] or None if client else None


async def send_reply(send: Send, reply: Reply, request_id: str) -> None:
    headers = [
        *reply.headers,
        (b"content-length", b"%d" % len(reply.body)),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _amount_is_no_json(body: bytes) -> bool:
    """Many clients write NaN and Infinity, or 1e999, for numbers that they have no better words
    for: such an amount is refused as what it was meant to be."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("amount"), float)
