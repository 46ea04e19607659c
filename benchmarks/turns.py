"""When a connection that is free sends its next request."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

# It is told when its request was due, from which its answer is timed.
Go = Callable[[float], None]

_TICK = 0.001


class Turns(Protocol):
    def wait(self, go: Go) -> None: ...


class AtOnce:
    """As soon as it was answered."""

    def wait(self, go: Go) -> None:
        go(time.perf_counter())


class Paced:
    """So many a second, whether the answers come or not: what has to wait for a connection was due
    before, and its time counts from then on."""

    def __init__(self, rate: float, ended: "asyncio.Future[None]") -> None:
        self._pause = 1 / rate
        self._ended = ended
        self._free: deque[Go] = deque()
        self._next_at = time.perf_counter()
        self._loop = asyncio.get_running_loop()
        self._tick()

    def wait(self, go: Go) -> None:
        self._free.append(go)

    def _tick(self) -> None:
        now = time.perf_counter()
        while self._free and self._next_at <= now:
            self._free.popleft()(self._next_at)
            self._next_at += self._pause
        if not self._ended.done():
            self._loop.call_later(_TICK, self._tick)
