"""For Django views, sync and async. For a whole site, put `drawdown.guards.wsgi` or `.asgi` around
its application.

    DRAWDOWN = {"url": "https://…", "key": "dds_…"}             # settings: what a client takes
    DRAWDOWN_LEASES = {"folder": "/var/lib/shop/leases"}        # or none: what Leases take

    @charged("summarize")
    def summarize(request): ...                                 # request.drawdown is the hold

The hold ends when the view returns; of a template response when that is rendered; of a streaming
one when it is closed: committed when all of it was taken, released when the server stops before.
"""

import atexit
from collections.abc import Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
)
from functools import cache, wraps
from typing import Any, TypeVar, Unpack, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from drawdown.aio import AsyncClient
from drawdown.aioleases import AsyncLeases
from drawdown.charging import AsyncReserving, Reserving
from drawdown.client import Client
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Asked, Refusal, missing_key, presented_key, refusal
from drawdown.guards.by_loop import ByLoop
from drawdown.guards.later import comes_later, end_later
from drawdown.holding import Hold
from drawdown.leases import Leases
from drawdown.terms import ReserveTerms

View = TypeVar("View", bound=Callable[..., Any])
Ask = Callable[[HttpRequest], Asked]


def charged(
    endpoint: str, *, ask: Ask | None = None, **terms: Unpack[ReserveTerms]
) -> Callable[[View], View]:
    """Hold what the endpoint costs around each call of the view. Its status is the outcome; a view
    that raises, or is cancelled, costs nothing. The key pays that the request carries, or whom
    `ask` names."""

    def by_key(request: HttpRequest) -> Asked:
        headers = request.headers
        key = presented_key(headers.get("authorization"), headers.get("x-api-key"))
        return Asked(endpoint=endpoint, api_key=key, terms=terms)

    def decorate(view: View) -> View:
        charge = _charging_async if iscoroutinefunction(view) else _charging
        return cast("View", wraps(view)(charge(view, ask or by_key)))

    return decorate


def _charging(view: Callable[..., Any], ask: Ask) -> Callable[..., Any]:
    def charge(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        asked = ask(request)
        if not asked.names_somebody():
            return _answer(missing_key())
        began = False
        try:
            with ExitStack() as stack:
                hold = stack.enter_context(credits().reserve(**asked.reserving()))
                began = True
                response = view(_with(request, hold), *args, **named)
                if comes_later(response):
                    end_later(response, hold, stack.pop_all().__exit__)
                else:
                    hold.answered(response.status_code)
        except DrawdownError as error:
            if began:
                raise
            return _answer(refusal(error))
        return cast("HttpResponseBase", response)

    return charge


def _charging_async(view: Callable[..., Any], ask: Ask) -> Callable[..., Any]:
    async def charge(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        asked = ask(request)
        if not asked.names_somebody():
            return _answer(missing_key())
        began = False
        try:
            async with AsyncExitStack() as stack:
                hold = await stack.enter_async_context(_reserving(request, asked))
                began = True
                response = await view(_with(request, hold), *args, **named)
                if comes_later(response):
                    end_later(response, hold, stack.pop_all().__aexit__)
                else:
                    hold.answered(response.status_code)
        except DrawdownError as error:
            if began:
                raise
            return _answer(refusal(error))
        return cast("HttpResponseBase", response)

    return charge


def _reserving(request: HttpRequest, asked: Asked) -> AbstractAsyncContextManager[Hold]:
    if isinstance(request, ASGIRequest):
        return async_credits().reserve(**asked.reserving())
    return _Waiting(credits().reserve(**asked.reserving()))


class _Waiting(AbstractAsyncContextManager[Hold]):
    """Under WSGI the event loop is there for one view of one request, and nobody else waits."""

    def __init__(self, made: AbstractContextManager[Hold]) -> None:
        self._made = made

    async def __aenter__(self) -> Hold:
        return self._made.__enter__()

    async def __aexit__(self, *error: Any) -> bool | None:
        return self._made.__exit__(*error)


@cache
def client() -> Client:
    return Client(**_settings())


@cache
def leases() -> Leases:
    """Closed when the process ends: what is left comes back."""
    made = Leases(client(), **_settings("DRAWDOWN_LEASES"))
    atexit.register(made.close)
    return made


class _OfLoop:
    """What async views use under ASGI."""

    def __init__(self) -> None:
        self.client = AsyncClient(**_settings())
        self.leases: AsyncLeases | None = None
        if not _leases_nothing():
            self.leases = AsyncLeases(self.client, **_settings("DRAWDOWN_LEASES"))

    async def aclose(self) -> None:
        """What is left of leases comes back."""
        if self.leases is not None:
            await self.leases.aclose()
        await self.client.aclose()


of_loop = ByLoop(_OfLoop)


def credits() -> Reserving:
    return client() if _leases_nothing() else leases()


def async_credits() -> AsyncReserving:
    made = of_loop()
    return made.leases or made.client


def _leases_nothing() -> bool:
    return getattr(settings, "DRAWDOWN_LEASES", None) is None


def _settings(name: str = "DRAWDOWN") -> dict[str, Any]:
    named: dict[str, Any] = getattr(settings, name)
    return named


def _with(request: HttpRequest, hold: Hold) -> HttpRequest:
    setattr(request, "drawdown", hold)  # noqa: B010
    return request


def _answer(refused: Refusal) -> HttpResponse:
    return HttpResponse(refused.body, status=refused.status, headers=refused.headers)
