"""For any ASGI application: Starlette, FastAPI, Litestar, Django under ASGI.

The hold begins before the application is called and ends with its answer: committed with the status
that it answered with, which the endpoint's outcome policy prices, when the answer is complete;
released when it raises before, is cancelled, or when the client is gone. What it raises after the
complete answer, as a background task does, changes nothing. Websockets pass, and nobody pays.
"""

from drawdown.charging import AsyncReserving
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Ask, Asked, Refusal, missing_key, presented_key, refusal
from drawdown.guards.exchange import App, Exchange, Gone, Receive, Scope, Send, Unanswered


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
        exchange = Exchange(receive, send)
        began = False
        try:
            async with self.credits.reserve(**asked.reserving()) as hold:
                began = True
                if not _is_to_be_continued(scope):
                    exchange.listen()
                late = await exchange.run(self.app, {**scope, "drawdown": hold})
                if exchange.status is not None:
                    hold.answered(exchange.status)
        except (Gone, Unanswered):
            return
        except DrawdownError as error:
            if began:
                raise
            await _answer(send, refusal(error))
            return
        if late is not None:
            raise late


def _is_to_be_continued(scope: Scope) -> bool:
    """To receive is to say that the body is wanted (RFC 9110, 10.1.1): the application's to say."""
    return any(name == b"expect" for name, _ in scope["headers"])


async def _answer(send: Send, refused: Refusal) -> None:
    headers = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in refused.headers.items()
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": refused.body})
