"""Concurrent calls of several threads, sent in lists: who finds nobody sending sends for all that
wait meanwhile. A lone call goes as itself, at once."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from drawdown.aiolists import LIST_MAX
from drawdown.answers import Reservation
from drawdown.errors import Problem
from drawdown.operations import Operation

One = Callable[[Operation], Reservation]
Many = Callable[[Sequence[Operation]], list[Reservation | Problem]]
Waiting = tuple[Operation, Future[Reservation]]


class Lists:
    def __init__(self, one: One, many: Many) -> None:
        self._one, self._many = one, many
        self._lock = threading.Lock()
        self._waiting: deque[Waiting] = deque()
        self._is_sending = False

    def operate(self, operation: Operation) -> Reservation:
        """Raises as if it was sent alone."""
        done: Future[Reservation] = Future()
        with self._lock:
            self._waiting.append((operation, done))
            leads, self._is_sending = not self._is_sending, True
        if leads:
            self._lead()
        return done.result()

    def _lead(self) -> None:
        """One's own list only: a thread of ours goes on for those that came meanwhile."""
        self._send(self._take())
        with self._lock:
            self._is_sending = bool(self._waiting)
            rest = self._is_sending
        if rest:
            threading.Thread(target=self._go_on, name="drawdown-lists", daemon=True).start()

    def _go_on(self) -> None:
        while taken := self._take():
            self._send(taken)

    def _take(self) -> list[Waiting]:
        """Nothing: nobody sends any more."""
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(LIST_MAX, len(self._waiting)))]
            self._is_sending = bool(taken)
            return taken

    def _send(self, taken: list[Waiting]) -> None:
        try:
            results = self._results([operation for operation, _ in taken])
        except Exception as error:
            results = [error] * len(taken)
        for (_, done), result in zip(taken, results, strict=True):
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)

    def _results(self, operations: Sequence[Operation]) -> Sequence[Reservation | Exception]:
        if len(operations) == 1:
            return [self._one(operations[0])]
        return self._many(operations)
