"""For FastAPI: a hold as a dependency.

app = FastAPI()
credits = install(app, AsyncClient("https://…", "dds_…"))

@app.post("/summarize")
async def summarize(text: str, hold: Annotated[Hold, Depends(credits("summarize"))]): ...

From FastAPI 0.118 on the hold ends with the answer. Before, and with `scope="function"` of
`Depends` everywhere, it ends before the answer is sent: who hangs up after that pays.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, Unpack

from fastapi import FastAPI, Request, Response

from drawdown.charging import AsyncReserving
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Asked, Refusal, missing_key, presented_key, refusal
from drawdown.guards.exchange import App, Exchange, Receive, Scope, Send, Unanswered
from drawdown.holding import Hold
from drawdown.terms import ReserveTerms

Dependency = Callable[[Request], AsyncIterator[Hold]]
EXCHANGE: Final = "drawdown.exchange"


class Refused(Exception):
    def __init__(self, told: Refusal) -> None:
        super().__init__(told.status)
        self.told = told


class Charging:
    """Called with an endpoint's code: the dependency that holds what it costs."""

    def __init__(self, credits: AsyncReserving) -> None:
        self.credits = credits

    def __call__(self, endpoint: str, **terms: Unpack[ReserveTerms]) -> Dependency:
        async def hold(request: Request) -> AsyncIterator[Hold]:
            """Committed when the work is done; released when it raises before its answer is
            complete, is cancelled, or when the client is gone."""
            headers = request.headers
            key = presented_key(headers.get("authorization"), headers.get("x-api-key"))
            if key is None:
                raise Refused(missing_key())
            exchange: Exchange = request.scope[EXCHANGE]
            began = False
            late: BaseException | None = None
            try:
                asked = Asked(endpoint=endpoint, api_key=key, terms=terms)
                async with self.credits.reserve(**asked.reserving()) as made:
                    began = True
                    exchange.listen()
                    try:
                        yield made
                    except (Exception, asyncio.CancelledError) as error:
                        if not exchange.is_complete:
                            raise
                        late = error
                    if exchange.is_gone:
                        raise Unanswered
                    if exchange.status is not None:
                        made.answered(exchange.status)
            except Unanswered:
                return
            except DrawdownError as error:
                if began:
                    raise
                raise Refused(refusal(error)) from error
            if late is not None:
                raise late

        return hold


class Watched:
    """Keeps the exchange of each request where the dependency finds it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = scope[EXCHANGE] = Exchange(receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            exchange.close()


def install(app: FastAPI, credits: AsyncReserving) -> Charging:
    """Refusals are answered as problems from now on. Before the application starts."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        told = error.told
        return Response(told.body, status_code=told.status, headers=told.headers)

    app.add_exception_handler(Refused, answer)
    app.add_middleware(Watched)
    return Charging(credits)
