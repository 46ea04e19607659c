"""For any ASGI application: Starlette, FastAPI, Litestar, Django under ASGI.

The hold begins before the application is called and ends with its answer: committed with the
status that it answered with, which the endpoint's outcome policy prices; released when it raises,
is cancelled, or when the client is gone before the answer is complete.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from drawdown.charging import AsyncReserving
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Ask, Asked, Refusal, missing_key, presented_key, refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gone(Exception):
    """The client hung up."""


def by_path(scope: Scope) -> Asked | None:
    """By the method and path, which Drawdown matches with its endpoints; the key pays that the
    request carries."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    key = presented_key(headers.get("authorization"), headers.get("x-api-key"))
    return Asked(api_key=key, terms={"method": scope["method"], "path": scope["path"]})


class Guard:
    """`ask` says of each request what it is charged as; None lets it pass free. Inside, the hold is
    `scope["drawdown"]`."""

    def __init__(self, app: App, credits: AsyncReserving, ask: Ask[Scope] = by_path) -> None:
        self.app, self.credits, self.ask = app, credits, ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self.ask(scope) if scope["type"] == "http" else None
        if asked is None:
            await self.app(scope, receive, send)
        elif not asked.names_somebody():
            await _answer(send, missing_key())
        else:
            await self._charge(asked, scope, receive, send)

    async def _charge(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """What the application itself raises is not ours to answer."""
        exchange = _Exchange(receive, send)
        try:
            async with self.credits.reserve(**asked.reserving()) as hold:
                exchange.began = True
                await exchange.run(self.app, {**scope, "drawdown": hold})
                if exchange.status is not None:
                    hold.answered(exchange.status)
        except Gone:
            return
        except DrawdownError as error:
            if exchange.began:
                raise
            await _answer(send, refusal(error))


class _Exchange:
    """One request and its answer, watched: whether the client is still there, and what it got."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.status: int | None = None
        self.began = self.is_complete = self.is_gone = False
        self._receive, self._send = receive, send

    async def run(self, app: App, scope: Scope) -> None:
        """Raises Gone, CancelledError, and what the application raises."""
        await app(scope, self.receive, self.send)
        if self.is_gone and not self.is_complete:
            raise Gone

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.is_complete:
            self.is_gone = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        try:
            await self._send(message)
        except OSError as error:
            self.is_gone = True
            raise Gone from error
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.is_complete = True


async def _answer(send: Send, refused: Refusal) -> None:
    headers = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in refused.headers.items()
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": refused.body})
