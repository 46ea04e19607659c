"""For FastAPI: a hold as a dependency.

app = FastAPI()
credits = install(app, AsyncClient("https://…", "dds_…"))

@app.post("/summarize")
async def summarize(text: str, hold: Annotated[Hold, Depends(credits("summarize"))]): ...
"""

from collections.abc import AsyncIterator, Callable
from typing import Unpack

from fastapi import FastAPI, Request, Response

from drawdown.charging import AsyncReserving
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Asked, Refusal, missing_key, presented_key, refusal
from drawdown.holding import Hold
from drawdown.terms import ReserveTerms

Dependency = Callable[[Request], AsyncIterator[Hold]]


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
            """Committed when the work is done, released when it raises or is cancelled."""
            headers = request.headers
            key = presented_key(headers.get("authorization"), headers.get("x-api-key"))
            if key is None:
                raise Refused(missing_key())
            began = False
            try:
                asked = Asked(endpoint=endpoint, api_key=key, terms=terms)
                async with self.credits.reserve(**asked.reserving()) as made:
                    began = True
                    yield made
            except DrawdownError as error:
                if began:
                    raise
                raise Refused(refusal(error)) from error

        return hold


def install(app: FastAPI, credits: AsyncReserving) -> Charging:
    """Refusals are answered as problems from now on."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        told = error.told
        return Response(told.body, status_code=told.status, headers=told.headers)

    app.add_exception_handler(Refused, answer)
    return Charging(credits)
