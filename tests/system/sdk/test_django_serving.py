"""Views of Django that are charged, sync and async, by real servers over WSGI and over ASGI."""

import asyncio
from contextlib import contextmanager, suppress

import httpx
import pytest
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import AsyncRequestFactory
from django.urls import path

from drawdown.guards import django
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.test_guards import (
    caller,
    served,
    served_by_threads,
    statuses,
)
from tests.system.sdk.test_leases import SLOWLY, cost
from tests.system.sdk.world import ENDPOINT, soon

__all__ = ["cost"]


def answer(request, what):
    if what == "customer":
        return HttpResponse(request.drawdown.customer)
    if what == "template":
        return TemplateResponse(request, engines["django"].from_string("{{ request.path }}"))
    if what == "fails":
        return TemplateResponse(request, "there/is/no/such/template.html")
    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(async_parts(what) if is_async else parts(what))


def parts(what):
    for _ in range(10_000 if what == "long" else 3):
        yield b"x" * 65536
    if what == "breaks":
        raise ZeroDivisionError


async def async_parts(what):
    for part in parts(what):
        await asyncio.sleep(0)
        yield part


@django.charged(ENDPOINT)
def view(request, what):
    return answer(request, what)


@django.charged(ENDPOINT)
async def async_view(request, what):
    return answer(request, what)


urlpatterns = [path("async/<what>", async_view), path("<what>", view)]


class OfTheLoop:
    """Closes what Django has made in the loop of the server."""

    async def aclose(self):
        await django.of_loop().aclose()


@contextmanager
def by_wsgi():
    with served_by_threads(WSGIHandler()) as url:
        yield url


@contextmanager
def by_asgi():
    with served(OfTheLoop(), ASGIHandler()) as url:
        yield url


@pytest.fixture
def in_django(settings, road, demo):
    settings.DRAWDOWN = {"url": road.url, "key": demo["service_key"], "retry": PATIENT}
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    settings.ALLOWED_HOSTS = ["*"]
    django.client.cache_clear()
    yield
    django.client().close()


@pytest.fixture
def site(request, in_django, world):
    with request.param() as url, caller(url, world) as made:
        yield made


BOTH = pytest.mark.parametrize("site", [by_wsgi, by_asgi], indirect=True)
KINDS = pytest.mark.parametrize("kind", ["/", "/async/"])


@BOTH
@KINDS
def test_request_after_request_is_charged(site, kind, world):
    for _ in range(3):
        assert site.get(f"{kind}customer").text == world.customer
    soon(lambda: statuses(world) == ["committed"] * 3)


@BOTH
@KINDS
def test_a_template_is_paid_when_it_is_rendered(site, kind, world):
    assert site.get(f"{kind}template").text == f"{kind}template"
    soon(lambda: statuses(world) == ["committed"])


@BOTH
@KINDS
def test_a_template_that_fails_costs_nothing(site, kind, world):
    assert site.get(f"{kind}fails").status_code == 500
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@BOTH
@KINDS
def test_a_stream_is_paid_when_all_of_it_is_taken(site, kind, world):
    assert len(site.get(f"{kind}short").content) == 3 * 65536
    soon(lambda: statuses(world) == ["committed"])


@BOTH
@KINDS
def test_who_hangs_up_in_a_stream_pays_nothing(site, kind, world):
    with site.stream("GET", f"{kind}long") as taken:
        next(taken.iter_raw())
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@pytest.mark.parametrize("site", [by_wsgi], indirect=True)
@KINDS
def test_a_stream_that_breaks_costs_nothing(site, kind, world):
    with suppress(httpx.HTTPError):
        site.get(f"{kind}breaks")
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


def called(world):
    key = world.new_key()

    async def call(what="customer"):
        request = AsyncRequestFactory().get("/", headers={"X-Api-Key": key})
        return await async_view(request, what)

    return call


def test_an_async_stream_that_breaks_costs_nothing(in_django, world):
    call = called(world)

    async def main():
        with pytest.raises(ZeroDivisionError):
            async for _ in await call("breaks"):
                pass
        await asyncio.to_thread(soon, lambda: statuses(world) == ["released"])

    asyncio.run(main())


def test_each_event_loop_has_a_client_of_its_own(in_django, world):
    call = called(world)
    for _ in range(3):
        assert asyncio.run(call()).content.decode() == world.customer
    assert len(django.of_loop._made) == 1
    assert statuses(world) == ["committed"] * 3


def test_leases_end_with_their_event_loop(in_django, settings, world, cost):
    settings.DRAWDOWN_LEASES = {"size": SLOWLY}
    call = called(world)
    for _ in range(2):
        assert asyncio.run(call()).content.decode() == world.customer
    assert world.balance() == (100 - 2 * cost, 0)
