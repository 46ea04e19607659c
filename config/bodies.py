"""Django reads the whole of a body before anybody may object, and REST framework takes one of
undeclared length for none. Behind this every body says its length, and one over the limit is left
out, to be refused by its length (`middleware.BodyLimit`)."""

from accounts.request_ids import request_id
from config import malformed
from ledger.fastpath.http import (
    Application,
    ClientGone,
    Message,
    Receive,
    Scope,
    Send,
    read_body,
    send_reply,
)
from ledger.fastpath.refusals import MalformedRequest, TooLarge

_ABOUT_LENGTH = (b"content-length", b"transfer-encoding")


class MeasuredBodies:
    def __init__(self, application: Application, *, limit: int) -> None:
        self._application = application
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            body = await read_body(headers, receive, limit=self._limit)
            length = len(body)
        except TooLarge:
            body, length = b"", self._limit + 1
        except MalformedRequest as why:
            name = request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
            await send_reply(send, malformed.refusal(why, name), name)
            return
        except ClientGone:
            return
        await self._application(_with_length(scope, length), _first(body, receive), send)


def _with_length(scope: Scope, length: int) -> Scope:
    others = [header for header in scope["headers"] if header[0] not in _ABOUT_LENGTH]
    return {**scope, "headers": [*others, (b"content-length", b"%d" % length)]}


def _first(body: bytes, receive: Receive) -> Receive:
    """The body, then that the client has gone. The rest of a body that was left out is dropped."""
    messages: list[Message] = [{"type": "http.request", "body": body}]

    async def next_message() -> Message:
        if messages:
            return messages.pop()
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return next_message
