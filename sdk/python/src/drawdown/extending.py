"""What is to be done later and again, such as to extend the holds of threads that work for long, by
one thread of ours."""

import heapq
import logging
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Final

Extend = Callable[[], float | None]

# So many that ended may wait for their time beside those that did not.
_ENDED: Final = 64
logger = logging.getLogger("drawdown")


class Extender:
    """Calls what it was given after so many seconds, and again after as many as that returns."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._extends: dict[int, Extend] = {}
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def start(self, after: float, extend: Extend) -> int:
        with self._changed:
            number = next(self._numbers)
            self._extends[number] = extend
            heapq.heappush(self._due, (monotonic() + after, number))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="drawdown-extender", daemon=True
                )
                self._thread.start()
            elif self._due[0][1] == number:
                self._changed.notify()
            return number

    def end(self, number: int) -> None:
        """Once it has ended by itself, nothing."""
        with self._changed:
            self._extends.pop(number, None)
            if len(self._due) > 2 * len(self._extends) + _ENDED:
                self._due = [due for due in self._due if due[1] in self._extends]
                heapq.heapify(self._due)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while (due := self._next()) is not None:
            number, extend = due
            again = _tried(extend)
            with self._changed:
                if again is None:
                    self._extends.pop(number, None)
                elif number in self._extends:
                    heapq.heappush(self._due, (monotonic() + again, number))

    def _next(self) -> tuple[int, Extend] | None:
        with self._changed:
            while not self._is_closed:
                if not self._due:
                    self._changed.wait()
                    continue
                at, number = self._due[0]
                if number in self._extends and at > monotonic():
                    self._changed.wait(at - monotonic())
                    continue
                heapq.heappop(self._due)
                if (extend := self._extends.get(number)) is not None:
                    return number, extend
        return None


def _tried(extend: Extend) -> float | None:
    """Whatever goes wrong with one, the others go on."""
    try:
        return extend()
    except Exception:
        logger.exception("What was to be done again is given up")
        return None
