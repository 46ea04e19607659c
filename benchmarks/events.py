"""Usage events over HTTP from one process: connections that report lists of them, one by one.

It speaks HTTP by itself, and its events differ in their ids and customers only, because it shares
the machine with the service.
"""

import asyncio
import time
from itertools import count
from os import getpid
from random import choices
from typing import Literal

import uvloop

from benchmarks.callers import Target
from benchmarks.keys import new_key
from benchmarks.load import Load

CONNECTIONS = 6
SIZE = 1000

Ids = Literal["uuid7", "text"]

_EVENT = (
    '{"specversion":"1.0","id":"%s","source":"/meters/1","type":"summarize","subject":"%s",'
    '"time":"%s","data":{"outcome":"success","metadata":{"job":"1"}}}'
)
_numbers = count(1)


def run(target: Target, seconds: float, ids: Ids = "uuid7") -> Load:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(target, seconds, ids))


async def _run(target: Target, seconds: float, ids: Ids) -> Load:
    start, cpu = time.perf_counter(), time.process_time()
    until = start + seconds
    reporters = [_Reporter(target, ids) for _ in range(CONNECTIONS)]
    took = [
        one for each in await asyncio.gather(*(r.run(until) for r in reporters)) for one in each
    ]
    took.sort()
    p50, p99 = (1000 * took[len(took) * part // 100] for part in (50, 99))
    spent = time.perf_counter() - start
    return Load(len(took) * SIZE, spent, time.process_time() - cpu, p50, p99)


class _Reporter:
    def __init__(self, target: Target, ids: Ids) -> None:
        self._target = target
        self._ids = ids

    async def run(self, until: float) -> list[float]:
        """How long each list took."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        took = []
        while time.perf_counter() < until:
            body = self._list()
            sent_at = time.perf_counter()
            writer.write(self._head(len(body)) + body)
            await self._answered(reader)
            took.append(time.perf_counter() - sent_at)
        writer.close()
        return took

    def _head(self, length: int) -> bytes:
        lines = [
            "POST /v1/events HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._target.service_key}",
            "Content-Type: application/cloudevents-batch+json",
            f"Content-Length: {length}",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def _list(self) -> bytes:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        events = [
            _EVENT % (self._id(), one, now) for one in choices(self._target.customers, k=SIZE)
        ]
        return f"[{','.join(events)}]".encode()

    def _id(self) -> str:
        return new_key() if self._ids == "uuid7" else f"{getpid()}-{next(_numbers)}"

    async def _answered(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 202") or body.count(b'"accepted"') != SIZE:
            raise RuntimeError(f"a list was not accepted: {head!r} {body[:500]!r}")
