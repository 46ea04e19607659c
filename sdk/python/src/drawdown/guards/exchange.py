"""One request over ASGI and its answer, watched: whether the client is there until all is sent."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# What comes before the application asks for it: servers make messages of some 64 KB.
AHEAD: Final = 4
ENDS: Final = ("http.response.body", "http.response.zerocopysend", "http.response.pathsend")
DISCONNECT: Final = "http.disconnect"


class Gone(OSError):
    """The client hung up: an OSError, as frameworks expect it of a send (ASGI 2.4)."""


class Unanswered(Exception):
    """There is no complete answer, and nobody pays."""


class Exchange:
    def __init__(self, receive: Receive, send: Send) -> None:
        self.status: int | None = None
        self.is_complete = False
        self._is_disconnected = False
        self._receive, self._send = receive, send
        self._came: asyncio.Queue[Message | Exception] = asyncio.Queue(AHEAD)
        self._listener: asyncio.Task[None] | None = None

    @property
    def is_gone(self) -> bool:
        """The client is, without a complete answer."""
        return self._is_disconnected and not self.is_complete

    async def run(self, app: App, scope: Scope) -> BaseException | None:
        """What the application raises after its complete answer is returned. Raises what it raises
        before, and Unanswered where it returns without one."""
        try:
            await app(scope, self.receive, self.send)
        except (Exception, asyncio.CancelledError) as error:
            if not self.is_complete:
                raise
            return error
        finally:
            self.close()
        if not self.is_complete:
            raise Unanswered
        return None

    def listen(self) -> None:
        """From now on it is seen when the client hangs up, whether or not the application asks:
        what comes waits for it."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())

    def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()

    async def receive(self) -> Message:
        self.listen()
        came = await self._came.get()
        if isinstance(came, Exception):
            raise came
        if came["type"] == DISCONNECT:
            self._came.put_nowait(came)  # for whoever asks again
        return came

    async def send(self, message: Message) -> None:
        was_complete = self.is_complete
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] in ENDS and not message.get("more_body"):
            # Before it is sent: servers say http.disconnect of a complete answer, too.
            self.is_complete = not self.is_gone
        try:
            await self._send(message)
        except BaseException as error:
            self.is_complete = was_complete
            if isinstance(error, OSError):
                self._is_disconnected = True
                raise Gone from error
            raise

    async def _listen(self) -> None:
        is_over = False
        while not is_over:
            came = await self._next()
            is_over = not isinstance(came, Exception) and came["type"] == DISCONNECT
            self._is_disconnected |= is_over
            await self._came.put(came)

    async def _next(self) -> Message | Exception:
        """What the server's receive raises is the application's to see."""
        try:
            return await self._receive()
        except Exception as error:
            return error
