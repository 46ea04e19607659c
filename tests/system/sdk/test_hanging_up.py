"""Who hangs up pays nothing, and who was answered pays: of applications that do not listen. Real
servers, real clients."""

import asyncio
import socket
import threading
from contextlib import suppress
from hashlib import sha256
from typing import Annotated

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse

from drawdown import AsyncClient, Hold
from drawdown.guards import asgi, fastapi
from tests.system.sdk.test_guards import as_summarize, caller, hang_up, served, statuses
from tests.system.sdk.world import ENDPOINT, soon


class Work:
    """Ends some turns of the event loop after the test says so."""

    def __init__(self):
        self.may_end = threading.Event()

    async def until_it_may_end(self):
        turns = 20
        while turns:
            await asyncio.sleep(0.01)
            turns -= self.may_end.is_set()

    def fail(self):
        raise ZeroDivisionError


def raw(work, client):
    async def app(scope, receive, send):
        if scope["path"] == "/work":
            await work.until_it_may_end()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})
        if scope["path"] == "/late":
            work.fail()

    return asgi.Guard(app, client, as_summarize)


def routes(app, work, dependencies=()):
    @app.get("/work", dependencies=dependencies)
    async def whole():
        await work.until_it_may_end()
        return "done"

    @app.get("/stream", dependencies=dependencies)
    async def stream():
        async def parts():
            yield b"so far"
            await work.until_it_may_end()
            yield b"done"

        return StreamingResponse(parts())

    @app.get("/late", dependencies=dependencies)
    async def late(background: BackgroundTasks):
        background.add_task(work.fail)
        return "done"

    return app


def fastapi_inside(work, client):
    return asgi.Guard(routes(FastAPI(), work), client, as_summarize)


def by_dependency(work, client):
    app = FastAPI()
    hold = fastapi.install(app, client)(ENDPOINT)
    return routes(app, work, [Depends(hold)])


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def site(request, work, road, demo, world):
    client = AsyncClient(road.url, demo["service_key"])
    with served(client, request.param(work, client)) as url, caller(url, world) as made:
        yield made
        work.may_end.set()


ALL = [raw, fastapi_inside, by_dependency]


@pytest.mark.parametrize("site", ALL, indirect=True)
def test_who_hangs_up_before_the_answer_pays_nothing(site, work, world):
    hang_up(site, "/work")
    work.may_end.set()
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@pytest.mark.parametrize("site", [fastapi_inside, by_dependency], indirect=True)
def test_who_hangs_up_in_the_middle_pays_nothing(site, work, world):
    with site.stream("GET", "/stream") as answer:
        assert next(answer.iter_bytes()) == b"so far"
    work.may_end.set()
    soon(lambda: statuses(world) == ["released"])
    assert world.balance() == (100, 0)


@pytest.mark.parametrize("site", [fastapi_inside, by_dependency], indirect=True)
def test_who_takes_all_of_it_pays(site, work, world):
    work.may_end.set()
    assert site.get("/stream").text == "so fardone"
    soon(lambda: statuses(world) == ["committed"])


@pytest.mark.parametrize("site", ALL, indirect=True)
def test_what_fails_after_the_answer_is_paid(site, world):
    with suppress(httpx.HTTPError):
        assert "done" in site.get("/late").text
    soon(lambda: statuses(world) == ["committed"])
    assert world.balance()[0] < 100


BODY = bytes(range(256)) * 4096 * 32  # 32 MiB


def post_as(site):
    key, length = site.headers["X-Api-Key"], len(BODY)
    head = f"POST / HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Length: {length}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + BODY


def send_as_far_as_it_goes(connection, content):
    """What is left when nobody takes more of it."""
    left = memoryview(content)
    connection.settimeout(1)
    with suppress(TimeoutError):
        while left:
            left = left[connection.send(left[:65536]) :]
    return left


def test_a_body_waits_until_the_application_reads_it(road, demo, world, work):
    async def app(scope, receive, send):
        await work.until_it_may_end()
        digest, more = sha256(), True
        while more:
            message = await receive()
            digest.update(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": digest.hexdigest().encode()})

    client = AsyncClient(road.url, demo["service_key"])
    guarded = asgi.Guard(app, client, as_summarize)
    with (
        served(client, guarded) as url,
        caller(url, world) as site,
        socket.create_connection(("127.0.0.1", site.base_url.port)) as connection,
    ):
        left = send_as_far_as_it_goes(connection, post_as(site))
        assert left, "All of it was read ahead of the application."
        work.may_end.set()
        connection.settimeout(30)
        connection.sendall(left)
        assert sha256(BODY).hexdigest().encode() in connection.makefile("rb").read()
    assert statuses(world) == ["committed"]


def test_a_body_passes_the_dependency(road, demo, world):
    app = FastAPI()
    client = AsyncClient(road.url, demo["service_key"])
    charged = fastapi.install(app, client)

    @app.post("/")
    async def echo(said: dict, hold: Annotated[Hold, Depends(charged(ENDPOINT))]):
        return said | {"customer": hold.customer}

    with served(client, app) as url, caller(url, world) as site:
        assert site.post("/", json={"a": 1}).json() == {"a": 1, "customer": world.customer}
