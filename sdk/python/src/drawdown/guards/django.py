"""For Django views, sync and async. For a whole site, put `drawdown.guards.wsgi` or `.asgi` around
its application.

    DRAWDOWN = {"url": "https://…", "key": "dds_…"}             # settings: what a client takes
    DRAWDOWN_LEASES = {"folder": "/var/lib/shop/leases"}        # or none: what Leases take

    @charged("summarize")
    def summarize(request): ...                                 # request.drawdown is the hold
"""

import atexit
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar, Unpack, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from drawdown.aio import AsyncClient
from drawdown.aioleases import AsyncLeases
from drawdown.charging import AsyncReserving, Reserving
from drawdown.client import Client
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Asked, Refusal, missing_key, presented_key, refusal
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
            with credits().reserve(**asked.reserving()) as hold:
                began = True
                return _ended(hold, view(_with(request, hold), *args, **named))
        except DrawdownError as error:
            if began:
                raise
            return _answer(refusal(error))

    return charge


def _charging_async(view: Callable[..., Any], ask: Ask) -> Callable[..., Any]:
    async def charge(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        asked = ask(request)
        if not asked.names_somebody():
            return _answer(missing_key())
        began = False
        try:
            async with async_credits().reserve(**asked.reserving()) as hold:
                began = True
                return _ended(hold, await view(_with(request, hold), *args, **named))
        except DrawdownError as error:
            if began:
                raise
            return _answer(refusal(error))

    return charge


@cache
def client() -> Client:
    return Client(**_settings())


@cache
def async_client() -> AsyncClient:
    return AsyncClient(**_settings())


@cache
def leases() -> Leases:
    """Closed when the process ends: what is left comes back."""
    made = Leases(client(), **_settings("DRAWDOWN_LEASES"))
    atexit.register(made.close)
    return made


@cache
def async_leases() -> AsyncLeases:
    return AsyncLeases(async_client(), **_settings("DRAWDOWN_LEASES"))


def credits() -> Reserving:
    return client() if _leases_nothing() else leases()


def async_credits() -> AsyncReserving:
    return async_client() if _leases_nothing() else async_leases()


def _leases_nothing() -> bool:
    return getattr(settings, "DRAWDOWN_LEASES", None) is None


def _settings(name: str = "DRAWDOWN") -> dict[str, Any]:
    named: dict[str, Any] = getattr(settings, name)
    return named


def _with(request: HttpRequest, hold: Hold) -> HttpRequest:
    setattr(request, "drawdown", hold)  # noqa: B010
    return request


def _ended(hold: Hold, response: HttpResponseBase) -> HttpResponseBase:
    hold.answered(response.status_code)
    return response


def _answer(refused: Refusal) -> HttpResponse:
    return HttpResponse(refused.body, status=refused.status, headers=refused.headers)
