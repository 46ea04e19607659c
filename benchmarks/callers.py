"""HTTP load from one process: connections that reserve, commit, and begin again.

It speaks HTTP by itself, with prebuilt requests, because it shares the machine with the service.
"""

import asyncio
import re
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from random import choice

import uvloop

from benchmarks.keys import new_key
from benchmarks.load import Load
from benchmarks.turns import AtOnce, Paced, Turns

CONNECTIONS = 128

_CREATED, _OK, _REFUSED, _BROKE = b"201", b"200", b"400", b"402"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RESERVATION = re.compile(rb'"id": ?"(rsv_[0-9a-f]+)"')


@dataclass(frozen=True)
class Target:
    port: int
    service_key: str
    # As they are named outside, cus_...; who stands here more often calls more often.
    customers: Sequence[str]


@dataclass(frozen=True)
class Way:
    """`rate`: requests per second that are sent however long the answers take; none: each
    connection sends as soon as it was answered. `nonsense`: what is refused without the database.
    `broke`: some cannot pay.
    """

    connections: int = CONNECTIONS
    rate: float | None = None
    nonsense: bool = False
    broke: bool = False


AS_FAST_AS_IT_ANSWERS = Way()


def run(target: Target, seconds: float, way: Way = AS_FAST_AS_IT_ANSWERS) -> Load:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(target, seconds, way))


async def _run(target: Target, seconds: float, way: Way) -> Load:
    loop = asyncio.get_running_loop()
    calls = _Calls(_Requests(target), loop.create_future(), way)
    callers = [_Caller(calls) for _ in range(way.connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", target.port)
    start, cpu = time.perf_counter(), time.process_time()
    loop.call_later(seconds, calls.end)
    for caller in callers:
        calls.turns.wait(caller.begin)
    await calls.ended
    return calls.load(time.perf_counter() - start, time.process_time() - cpu)


class _Requests:
    """Each request up to its key and from there on; only a commit's path differs every time."""

    def __init__(self, target: Target) -> None:
        self._service_key = target.service_key
        bodies = [f'{{"customer":"{id}","endpoint":"summarize"}}' for id in target.customers]
        self._reserve = self._head(" HTTP/1.1", bodies[0])
        self._reserve_ends = [f"\r\n\r\n{body}".encode() for body in bodies]
        commit = '{"amount":"3"}'
        self._commit = self._head("/commit HTTP/1.1", commit)
        self._commit_end = f"\r\n\r\n{commit}".encode()
        self._nonsense = self._head(" HTTP/1.1", "{}")

    def reserve(self) -> bytes:
        end = choice(self._reserve_ends)
        return b"".join((b"POST /v1/reservations", self._reserve, new_key().encode(), end))

    def commit(self, reservation: bytes) -> bytes:
        path = b"POST /v1/reservations/" + reservation
        return b"".join((path, self._commit, new_key().encode(), self._commit_end))

    def nonsense(self) -> bytes:
        """Nobody is to pay."""
        key = new_key().encode()
        return b"".join((b"POST /v1/reservations", self._nonsense, key, b"\r\n\r\n{}"))

    def _head(self, rest_of_line: str, body: str) -> bytes:
        lines = [
            rest_of_line,
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._service_key}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Idempotency-Key: ",
        ]
        return "\r\n".join(lines).encode()


class _Calls:
    """What the callers of one run have in common."""

    def __init__(self, requests: _Requests, ended: "asyncio.Future[None]", way: Way) -> None:
        self.requests = requests
        self.ended = ended
        self.way = way
        self.turns: Turns = Paced(way.rate, ended) if way.rate else AtOnce()
        self.took = array("d")

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def fail(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(reason))

    def load(self, seconds: float, cpu_seconds: float) -> Load:
        if not self.took:
            raise RuntimeError(f"nothing was answered within {seconds:.0f} seconds")
        took = sorted(self.took)
        p50, p99 = (1000 * took[len(took) * part // 100] for part in (50, 99))
        return Load(len(took), seconds, cpu_seconds, p50, p99)


class _Caller(asyncio.Protocol):
    """One connection, with one request at a time."""

    _transport: asyncio.Transport
    _expected: bytes
    _due_at: float

    def __init__(self, calls: _Calls) -> None:
        self._calls = calls
        self._received = b""
        self._held = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._calls.fail(f"the service closed a connection: {error}")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = _LENGTH.search(self._received, 0, head_end)
        if length is None:
            self._calls.fail(f"a reply without a length: {self._received!r}")
        elif len(self._received) >= head_end + 4 + int(length[1]):
            reply, self._received = self._received, b""
            self._answered(reply)

    def begin(self, due_at: float) -> None:
        """What is next: the commit of what it holds, or something new."""
        requests = self._calls.requests
        if self._calls.way.nonsense:
            self._send(requests.nonsense(), _REFUSED, due_at)
        elif self._held:
            self._send(requests.commit(self._held), _OK, due_at)
            self._held = b""
        else:
            self._send(requests.reserve(), _CREATED, due_at)

    def _send(self, request: bytes, expected: bytes, due_at: float) -> None:
        self._expected = expected
        self._due_at = due_at
        self._transport.write(request)

    def _answered(self, reply: bytes) -> None:
        calls = self._calls
        if calls.ended.done():
            return
        calls.took.append(time.perf_counter() - self._due_at)
        status = reply[9:12]
        is_broke = calls.way.broke and status == _BROKE and self._expected == _CREATED
        if status != self._expected and not is_broke:
            calls.fail(f"{self._expected!r} was expected: {reply!r}")
        elif status == _CREATED:
            self._hold(reply)
        calls.turns.wait(self.begin)

    def _hold(self, reply: bytes) -> None:
        reservation = _RESERVATION.search(reply)
        if reservation is None:
            self._calls.fail(f"a reply without a reservation: {reply!r}")
        else:
            self._held = reservation[1]
