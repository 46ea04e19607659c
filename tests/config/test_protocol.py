"""What goes over the wire, to an application that answers what it was sent."""

import asyncio
import json
import socket
from collections.abc import Iterator
from threading import Thread
from time import sleep
from typing import Any

import pytest
import uvicorn
import uvloop

from config.protocol import HEAD_MAX, JoinedWrites, Protocol
from ledger.fastpath.http import Receive, Scope, Send, read_body
from tests.ledger.fastpath.shop import eventually

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"
WEBSOCKET = (
    b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
UPGRADES = pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET, b""])
BODY = b'{"amount":"1"}'
SMUGGLED = b"POST /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
PATIENCE = 0.3


class Impatient(Protocol):
    patience = PATIENCE
    keep_alive = 5 * PATIENCE


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await read_body(dict(scope["headers"]), receive, limit=1_000_000)
    names = [name.decode() for name, _ in scope["headers"]]
    told = json.dumps(
        {"method": scope["method"], "path": scope["path"], "body": body.decode(), "headers": names}
    ).encode()
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


def serving(protocol: type[Protocol]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(echo, http=protocol, loop="uvloop", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    eventually(lambda: server.started)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    yield from serving(Protocol)


@pytest.fixture(scope="module")
def impatient() -> Iterator[int]:
    yield from serving(Impatient)


class Wire:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def send(self, *segments: bytes) -> None:
        for segment in segments:
            self._socket.sendall(segment)
            sleep(0.02 if len(segments) < 10 else 0.001)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers, json.loads(self._file.read(int(headers["content-length"])))

    def told(self) -> tuple[str, str]:
        status, _, told = self.answer()
        assert status == 200
        assert "upgrade" not in told["headers"]
        return told["path"], told["body"]

    def finish(self) -> None:
        """A last request is answered next: nothing else was."""
        self.send(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert self.told() == ("/last", "")
        self.is_closed()

    def is_closed(self) -> None:
        assert self._file.read() == b""
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    yield wire
    wire.close()


def head(upgrade: bytes, path: bytes = b"/a", *, length: int | None = len(BODY)) -> bytes:
    about = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    return b"POST %b?x=1 HTTP/1.1\r\nHost: x\r\n%b%b\r\n\r\n" % (path, upgrade, about)


CHUNKED = b"5\r\n" + BODY[:5] + b"\r\n9\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"


@UPGRADES
def test_an_upgrade_is_ignored_and_the_body_read(wire, upgrade):
    wire.send(head(upgrade) + BODY)
    assert wire.told() == ("/a", BODY.decode())
    wire.finish()


@UPGRADES
def test_and_when_the_body_comes_later(wire, upgrade):
    wire.send(head(upgrade), BODY[:3], BODY[3:])
    assert wire.told() == ("/a", BODY.decode())
    wire.finish()


@UPGRADES
@pytest.mark.parametrize("apart", [False, True])
def test_and_in_chunks(wire, upgrade, apart):
    segments = [head(upgrade, length=None), CHUNKED[:7], CHUNKED[7:]]
    wire.send(*segments if apart else [b"".join(segments)])
    assert wire.told() == ("/a", BODY.decode())
    wire.finish()


@UPGRADES
def test_and_byte_by_byte(wire, upgrade):
    both = head(upgrade) + BODY
    wire.send(*[both[at : at + 1] for at in range(len(both))])
    assert wire.told() == ("/a", BODY.decode())
    wire.finish()


@UPGRADES
def test_and_with_none(wire, upgrade):
    wire.send(b"GET /none HTTP/1.1\r\nHost: x\r\n%b\r\n" % upgrade)
    assert wire.told() == ("/none", "")
    wire.finish()


@UPGRADES
def test_requests_at_once_are_answered_in_order(wire, upgrade):
    parts = [(b"/%d" % at, BODY + b" " * at) for at in range(200)]
    wire.send(
        b"".join(
            head(upgrade if at % 3 else b"", path, length=len(body)) + body
            for at, (path, body) in enumerate(parts)
        )
    )
    for path, body in parts:
        assert wire.told() == (path.decode(), body.decode())
    wire.finish()


@UPGRADES
@pytest.mark.parametrize("apart", [False, True])
def test_a_body_is_never_a_request(wire, upgrade, apart):
    segments = [head(upgrade, length=len(SMUGGLED)), SMUGGLED]
    wire.send(*segments if apart else [b"".join(segments)])
    assert wire.told() == ("/a", SMUGGLED.decode())
    wire.finish()


def test_one_that_asks_to_go_on_is_asked_to(wire):
    wire.send(head(b"Expect: 100-continue\r\n" + H2C))
    assert wire._file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert wire._file.readline() == b"\r\n"
    wire.send(BODY)
    assert wire.told() == ("/a", BODY.decode())
    wire.finish()


def test_a_connection_to_be_closed_is(wire):
    wire.send(head(H2C.replace(b"Upgrade,", b"Upgrade, close,")) + BODY)
    assert wire.told() == ("/a", BODY.decode())
    wire.is_closed()


def test_who_leaves_before_it_is_sent_to_is_no_error():
    """As from a download: what is written in one turn is sent in the next."""
    troubles = []

    class Leaving(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            transport.abort()
            JoinedWrites(transport, asyncio.get_running_loop()).write(b"too late")

    async def serve() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, about: troubles.append(about["message"]))
        server = await loop.create_server(Leaving, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        told = await reader.read()
        writer.close()
        server.close()
        return told

    assert uvloop.run(serve()) == b""
    assert troubles == []


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n" + H2C + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + H2C + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\n" + H2C + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
@pytest.mark.parametrize("kept", [False, True])
def test_what_is_no_http_is_a_problem(wire, request_, kept):
    if kept:
        wire.send(head(b"") + BODY)
        assert wire.told() == ("/a", BODY.decode())
    wire.send(request_)
    status, headers, problem = wire.answer()
    assert (status, problem["type"]) == (400, "/problems/malformed-request")
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["connection"] == "close"
    wire.is_closed()


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        (b"POST /a HTTP/1.1\r\nHost: x\r\n", b"x-a: " + b"b" * 1000 + b"\r\n"),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nx-a: ", b"b" * 1000),
        (b"GET /", b"a" * 1000),
        (head(b"", length=None) + CHUNKED[:-2], b"x-a: " + b"b" * 1000 + b"\r\n"),
    ],
)
@pytest.mark.parametrize("kept", [False, True])
def test_a_head_or_trailers_without_end_are_refused(wire, begins, goes_on, kept):
    if kept:
        wire.send(head(b"") + BODY)
        assert wire.told() == ("/a", BODY.decode())
    pieces = [goes_on * 8] * (HEAD_MAX // (8 * len(goes_on)) - 2)
    wire.send(begins, *pieces)
    wire.send(goes_on * 24)
    status, _, problem = wire.answer()
    assert (status, problem["type"]) == (400, "/problems/malformed-request")
    assert "64 KiB" in problem["detail"]
    wire.is_closed()


def test_a_long_head_is_none_without_end(wire):
    long = b"x-a: " + b"b" * 1000 + b"\r\n"
    first, rest = head(b"").split(b"\r\n", 1)
    for _ in range(3):
        wire.send(first + b"\r\n", *[long * 6] * 9, rest + BODY)
        assert wire.told() == ("/a", BODY.decode())
    wire.finish()


def test_what_came_before_it_is_answered(wire):
    wire.send(head(b"") + BODY + head(H2C, b"/b") + BODY + b"NONSENSE / HTTP/1.1\r\n\r\n")
    assert wire.told() == ("/a", BODY.decode())
    assert wire.told() == ("/b", BODY.decode())
    wire.is_closed()


@pytest.mark.parametrize(
    "unfinished",
    [b"", b"\r\n", b"POST", head(b"")[:-2], head(H2C)[:-2], head(b""), head(H2C) + BODY[:-1]],
)
@pytest.mark.parametrize("kept", [False, True])
def test_who_does_not_finish_is_hung_up_on(impatient, unfinished, kept):
    wire = Wire(impatient)
    if kept:
        wire.send(head(b"") + BODY)
        assert wire.told() == ("/a", BODY.decode())
    if unfinished:
        wire.send(unfinished)
    wire.is_closed()


def test_who_was_answered_may_come_back_later(impatient):
    wire = Wire(impatient)
    for _ in range(2):
        wire.send(head(b"") + BODY)
        assert wire.told() == ("/a", BODY.decode())
        sleep(3 * PATIENCE)
    wire.finish()


def test_who_goes_on_asking_is_not(impatient):
    wire = Wire(impatient)
    for _ in range(20):
        wire.send(head(H2C), BODY)
        assert wire.told() == ("/a", BODY.decode())
    wire.finish()
