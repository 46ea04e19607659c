"""Concurrent calls of several threads, sent in lists: while one is on its way, those that come are
sent together by a thread of ours. A lone call goes as itself, at once."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import sleep

from drawdown.aiolists import LIST_MAX
from drawdown.answers import Reservation
from drawdown.errors import Problem, Unreachable
from drawdown.operations import Operation
from drawdown.retrying import Retry, Tries

One = Callable[[Operation], Reservation]
Many = Callable[[Sequence[Operation]], list[Reservation | Problem]]
# A problem is its own alone; what is raised was that of the whole list, which was tried again.
Waiting = tuple[Operation, Future[Reservation | Problem]]


class Lists:
    def __init__(self, one: One, many: Many, retry: Retry) -> None:
        self._one, self._many, self._retry = one, many, retry
        self._lock = threading.Lock()
        self._waiting: deque[Waiting] = deque()
        self._has_lone = self._is_sending = False

    def operate(self, operation: Operation) -> Reservation:
        """Raises as if it was sent alone. Who waits does so no longer than the deadline, however
        long the list of before takes."""
        tries = Tries(self._retry)
        while isinstance(result := self._try(operation, tries.left()), Problem):
            sleep(tries.pause(result))
        return result

    def _try(self, operation: Operation, seconds: float) -> Reservation | Problem:
        """A lone caller sends nothing but its own: whatever breaks it off, such as a
        KeyboardInterrupt, is no other's."""
        is_lone = False
        try:
            with self._lock:
                is_lone = not (self._has_lone or self._is_sending)
                self._has_lone = self._has_lone or is_lone
            return self._one(operation) if is_lone else self._wait(operation, seconds)
        finally:
            if is_lone:
                self._has_lone = False

    def _wait(self, operation: Operation, seconds: float) -> Reservation | Problem:
        done: Future[Reservation | Problem] = Future()
        with self._lock:
            self._waiting.append((operation, done))
            starts, self._is_sending = not self._is_sending, True
        try:
            if starts:
                self._start()
            return done.result(seconds)
        except TimeoutError as error:
            was_sent = not done.cancel()
            raise Unreachable.within(self._retry.deadline, was_sent=was_sent) from error
        finally:
            done.cancel()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._send_all, name="drawdown-lists", daemon=True).start()
        except BaseException:
            self._is_sending = False
            raise

    def _send_all(self) -> None:
        while taken := self._take():
            self._send(taken)

    def _take(self) -> list[Waiting]:
        """What is still waited for. Nothing: nobody sends any more."""
        with self._lock:
            taken: list[Waiting] = []
            while self._waiting and len(taken) < LIST_MAX:
                operation, done = self._waiting.popleft()
                if done.set_running_or_notify_cancel():
                    taken.append((operation, done))
            self._is_sending = bool(taken)
            return taken

    def _send(self, taken: list[Waiting]) -> None:
        try:
            results = self._results([operation for operation, _ in taken])
        except BaseException as error:
            told = error if isinstance(error, Exception) else Unreachable(repr(error))
            for _, done in taken:
                done.set_exception(told)
        else:
            for (_, done), result in zip(taken, results, strict=True):
                done.set_result(result)

    def _results(self, operations: Sequence[Operation]) -> Sequence[Reservation | Problem]:
        if len(operations) == 1:
            return [self._one(operations[0])]
        return self._many(operations)
