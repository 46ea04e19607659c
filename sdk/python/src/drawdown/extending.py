"""Holds of threads that work for long are extended by one thread of ours."""

import heapq
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic

Extend = Callable[[], float | None]


class Extender:
    """Calls what it was given after so many seconds, and again after as many as that returns."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Extend]] = []
        self._ended: set[int] = set()
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def start(self, after: float, extend: Extend) -> int:
        with self._changed:
            number = next(self._numbers)
            heapq.heappush(self._due, (monotonic() + after, number, extend))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="drawdown-extender", daemon=True
                )
                self._thread.start()
            elif self._due[0][1] == number:
                self._changed.notify()
            return number

    def end(self, number: int) -> None:
        """It is dropped when it is due, so that ending costs nothing."""
        with self._changed:
            self._ended.add(number)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while (due := self._next()) is not None:
            number, extend = due
            again = extend()
            with self._changed:
                if again is None or number in self._ended:
                    self._ended.discard(number)
                else:
                    heapq.heappush(self._due, (monotonic() + again, number, extend))

    def _next(self) -> tuple[int, Extend] | None:
        with self._changed:
            while not self._is_closed:
                self._drop_ended()
                if not self._due:
                    self._changed.wait()
                    continue
                at, number, extend = self._due[0]
                if at <= monotonic():
                    heapq.heappop(self._due)
                    return number, extend
                self._changed.wait(at - monotonic())
        return None

    def _drop_ended(self) -> None:
        while self._due and self._due[0][1] in self._ended:
            self._ended.discard(heapq.heappop(self._due)[1])
