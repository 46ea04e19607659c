"""HTTP load from one process: connections that post lists, one after another.

It speaks HTTP by itself because it shares the machine with the service.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import uvloop

from benchmarks.callers import Target
from benchmarks.load import Load


class Lists(Protocol):
    """What one connection posts."""

    path: str
    media_type: str

    def next(self) -> bytes: ...

    def answered(self, head: bytes, body: bytes) -> int:
        """How many operations were done. Raises RuntimeError where one was not."""


def run(target: Target, seconds: float, connections: int, lists: Callable[[Target], Lists]) -> Load:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(target, seconds, [lists(target) for _ in range(connections)]))


async def _run(target: Target, seconds: float, all_lists: list[Lists]) -> Load:
    start, cpu = time.perf_counter(), time.process_time()
    posters = [_Poster(target, lists) for lists in all_lists]
    await asyncio.gather(*(poster.run(start + seconds) for poster in posters))
    took = sorted(one for poster in posters for one in poster.took)
    p50, p99 = (1000 * took[len(took) * part // 100] for part in (50, 99))
    done = sum(poster.done for poster in posters)
    return Load(done, time.perf_counter() - start, time.process_time() - cpu, p50, p99)


class _Poster:
    def __init__(self, target: Target, lists: Lists) -> None:
        self._target = target
        self._lists = lists
        self.took: list[float] = []
        self.done = 0

    async def run(self, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        while time.perf_counter() < until:
            body = self._lists.next()
            sent_at = time.perf_counter()
            writer.write(self._head(len(body)) + body)
            head, answer = await _answer(reader)
            self.took.append(time.perf_counter() - sent_at)
            self.done += self._lists.answered(head, answer)
        writer.close()

    def _head(self, length: int) -> bytes:
        lines = [
            f"POST {self._lists.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._target.service_key}",
            f"Content-Type: {self._lists.media_type}",
            f"Content-Length: {length}",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return head, await reader.readexactly(length)
