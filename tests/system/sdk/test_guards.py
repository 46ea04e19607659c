"""Holds around requests: real servers, real clients that hang up."""

import asyncio
import json
import socket
import threading
from contextlib import contextmanager, suppress
from time import sleep
from typing import Annotated
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
import uvicorn
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from fastapi import Depends, FastAPI

from drawdown import AsyncClient, Client, Hold
from drawdown.guards import asgi, django, fastapi, wsgi
from drawdown.guards.asking import Asked, refusal
from drawdown.problems import Forbidden
from tests.system.sdk.world import ENDPOINT, soon


def closing(credits, app):
    """At its end the server closes the client, in the loop that opened its connections."""

    async def with_lifespan(scope, receive, send):
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await credits.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    return with_lifespan


@contextmanager
def served(credits, app):
    """By uvicorn, in a thread with an event loop of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(closing(credits, app), log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served_by_threads(app):
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def caller(url, world):
    return httpx.Client(base_url=url, headers={"X-Api-Key": world.new_key()}, timeout=20)


async def plain(scope, receive, send):
    """Does what the path says."""
    what = scope["path"].strip("/")
    if what == "raise":
        raise ZeroDivisionError
    if what == "wait":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    status = int(what) if what.isdigit() else 200
    start = {"type": "http.response.start", "status": status, "headers": []}
    await send(start)
    body = scope["drawdown"].customer if "drawdown" in scope else "free"
    await send({"type": "http.response.body", "body": body.encode()})


def as_summarize(scope):
    """Free where the path says so."""
    if scope["path"] == "/free":
        return None
    headers = dict(scope["headers"])
    return Asked(endpoint=ENDPOINT, api_key=headers.get(b"x-api-key", b"").decode() or None)


@pytest.fixture
def by_asgi(road, demo, world):
    client = AsyncClient(road.url, demo["service_key"])
    guarded = asgi.Guard(plain, client, as_summarize)
    with served(client, guarded) as url, caller(url, world) as made:
        yield made


def by_threads(environ, start_response):
    what = environ["PATH_INFO"].strip("/")
    if what == "raise":
        raise ZeroDivisionError
    status = int(what) if what.isdigit() else 200
    start_response(f"{status} Answer", [("Content-Type", "text/plain")])
    if what == "long":
        return (b"x" * 65536 for _ in range(10_000))
    return [environ["drawdown"].customer.encode()]


def as_summarize_by_threads(environ):
    return Asked(endpoint=ENDPOINT, api_key=environ.get("HTTP_X_API_KEY"))


@pytest.fixture
def by_wsgi(road, demo, world):
    with (
        Client(road.url, demo["service_key"]) as client,
        served_by_threads(wsgi.Guard(by_threads, client, as_summarize_by_threads)) as url,
        caller(url, world) as made,
    ):
        yield made


@pytest.fixture(params=["by_asgi", "by_wsgi"])
def site(request):
    return request.getfixturevalue(request.param)


def statuses(world):
    return [each["status"] for each in world.reservations()]


def test_an_answer_is_charged_to_the_customer_of_the_key(site, world):
    answer = site.get("/200")
    assert (answer.status_code, answer.text) == (200, world.customer)
    soon(lambda: statuses(world) == ["committed"])
    assert world.balance()[0] < 100


@pytest.mark.parametrize("status", [400, 500, 503])
def test_the_outcome_policy_prices_what_failed(site, world, status):
    assert site.get(f"/{status}").status_code == status
    soon(lambda: statuses(world) == ["committed"])
    assert world.balance() == (100, 0)


def test_what_raises_costs_nothing(site, world):
    with suppress(httpx.HTTPError):
        assert site.get("/raise").status_code == 500
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


def test_who_has_no_credits_is_told_so(site, world):
    available = world.balance()[0]
    world.api.debit(world.customer, amount=available)
    answer = site.get("/200")
    assert answer.status_code == 402
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("insufficient-credits")
    assert answer.json()["top_up_url"]


def test_who_has_no_key_is_told_so(site):
    answer = site.get("/200", headers={"X-Api-Key": ""})
    assert answer.status_code in (401, 403)
    assert answer.json()["status"] == answer.status_code


def test_a_key_that_is_wrong_is_refused(site):
    answer = site.get("/200", headers={"X-Api-Key": "ddk_nonsense"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/key-invalid")


def test_away_it_sells_nothing(site, road, world):
    road.close()
    answer = site.get("/200")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert world.reservations() == []


def test_a_scope_that_the_service_lacks_is_not_the_customers(caplog):
    told = refusal(Forbidden(403, {"type": "/problems/forbidden", "detail": "It lacks a scope."}))
    assert told.status == 503 and b"scope" not in told.body
    assert "It lacks a scope." in caplog.text


def test_what_is_free_asks_nobody(by_asgi, world):
    assert by_asgi.get("/free").text == "free"
    assert world.reservations() == []


def hang_up(site, path):
    """After the request was read, before its answer is."""
    port = site.base_url.port
    with socket.create_connection(("127.0.0.1", port)) as connection:
        key = site.headers["X-Api-Key"]
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\n\r\n".encode())
        if path == "/long":
            connection.recv(1000)
        else:
            sleep(0.2)


def test_who_hangs_up_pays_nothing(by_asgi, world):
    hang_up(by_asgi, "/wait")
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


def test_who_hangs_up_on_threads_pays_nothing(by_wsgi, world):
    hang_up(by_wsgi, "/long")
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@pytest.fixture
def by_fastapi(road, demo, world):
    app = FastAPI()
    client = AsyncClient(road.url, demo["service_key"])
    credits = fastapi.install(app, client)

    @app.get("/summarize")
    async def summarize(hold: Annotated[Hold, Depends(credits(ENDPOINT))], fail: bool = False):
        if fail:
            raise ZeroDivisionError
        return hold.customer

    with served(client, app) as url, caller(url, world) as made:
        yield made


def test_fastapi_holds_by_a_dependency(by_fastapi, world):
    assert by_fastapi.get("/summarize").json() == world.customer
    soon(lambda: statuses(world) == ["committed"])


def test_fastapi_releases_what_raises(by_fastapi, world):
    assert by_fastapi.get("/summarize?fail=1").status_code == 500
    soon(lambda: statuses(world) == ["released"])


def test_fastapi_answers_refusals_as_problems(by_fastapi, world):
    world.api.debit(world.customer, amount=100)
    answer = by_fastapi.get("/summarize")
    assert (answer.status_code, answer.json()["status"]) == (402, 402)
    assert by_fastapi.get("/summarize", headers={"X-Api-Key": ""}).status_code in (401, 403)


@pytest.fixture
def in_django(settings, road, demo, world):
    settings.DRAWDOWN = {"url": road.url, "key": demo["service_key"]}
    django.client.cache_clear()
    yield RequestFactory(headers={"Authorization": f"Bearer {world.new_key()}"})
    django.client().close()


def over_asgi(factory):
    return AsyncRequestFactory().get("/", headers=dict(factory.get("/").headers))


def test_a_django_view_is_charged(in_django, world):
    @django.charged(ENDPOINT)
    def view(request, status):
        return HttpResponse(request.drawdown.customer, status=status)

    assert view(in_django.get("/"), 200).content.decode() == world.customer
    assert view(in_django.get("/"), 500).status_code == 500
    assert statuses(world) == ["committed", "committed"]
    assert len([each for each in world.calls() if each["amount"] != "0"]) >= 1


def test_a_django_view_that_raises_costs_nothing(in_django, world):
    @django.charged(ENDPOINT)
    def view(request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        view(in_django.get("/"))
    assert statuses(world) == ["released"]


def test_a_django_view_is_refused(in_django, world):
    @django.charged(ENDPOINT, amount=1000)
    def view(request):
        raise AssertionError

    answer = view(in_django.get("/"))
    assert (answer.status_code, json.loads(answer.content)["shortfall"]) == (402, "900")
    assert view(RequestFactory().get("/")).status_code == 401


def test_an_async_django_view_is_charged(in_django, world):
    @django.charged(ENDPOINT)
    async def view(request):
        return HttpResponse(request.drawdown.customer)

    async def main():
        return await view(over_asgi(in_django))

    assert asyncio.run(main()).content.decode() == world.customer
    assert statuses(world) == ["committed"]
