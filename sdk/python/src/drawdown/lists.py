"""Concurrent calls of several threads, sent in lists: while one is on its way, those that come are
sent together by a thread of ours. A lone call goes as itself, at once.

A thread may be broken off anywhere, by what a signal's handler raises. So nobody waits here for a
lock that another could have left behind: calls and answers go through queues, which have none.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from time import sleep
from typing import Final

from drawdown.aiolists import LIST_BYTES, LIST_MAX
from drawdown.answers import Reservation
from drawdown.errors import Problem, Unreachable
from drawdown.operations import Operation
from drawdown.retrying import Retry, Tries

# The thread ends when nothing came for so long.
IDLE_SECONDS: Final = 1.0

One = Callable[[Operation, Retry], Reservation]
Many = Callable[[Sequence[bytes]], list[Reservation | Problem]]


class _Waiting:
    def __init__(self, operation: Operation, retry: Retry) -> None:
        self.operation, self.retry = operation, retry
        self.item = operation.item()
        # What came of it, or else what is to be raised: that of the whole list, which was tried
        # again, while a problem is its own alone.
        self.answer: SimpleQueue[tuple[Reservation | Problem | None, Exception | None]]
        self.answer = SimpleQueue()
        self.was_sent = self.is_over = False


class Lists:
    def __init__(self, one: One, many: Many, retry: Retry) -> None:
        self._one, self._many, self._retry = one, many, retry
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        self._lone = threading.Lock()
        self._starting = threading.Lock()
        self._sender: threading.Thread | None = None
        self._is_sending = False

    def operate(self, operation: Operation) -> Reservation:
        """Raises as if it was sent alone. Who waits does so no longer than the deadline, however
        long the list of before takes."""
        tries = Tries(self._retry)
        while isinstance(result := self._try(operation, tries), Problem):
            sleep(tries.pause(result))
        return result

    def _try(self, operation: Operation, tries: Tries) -> Reservation | Problem:
        """A lone caller sends nothing but its own: whatever breaks it off, such as a
        KeyboardInterrupt, is no other's."""
        if self._is_sending or not self._lone.acquire(blocking=False):
            return self._wait(_Waiting(operation, tries.rest()), tries.left())
        try:
            return self._one(operation, tries.rest())
        finally:
            self._lone.release()

    def _wait(self, waiting: _Waiting, seconds: float) -> Reservation | Problem:
        try:
            self._waiting.put(waiting)
            self._see_that_they_are_sent()
            result, error = waiting.answer.get(timeout=seconds)
        except Empty:
            # Before it is asked whether it was sent, as the sender does the one before the other.
            waiting.is_over = True
            told = Unreachable.within(self._retry.deadline, was_sent=waiting.was_sent)
            raise told from None
        finally:
            waiting.is_over = True
        if error is not None:
            raise error
        assert result is not None
        return result

    def _see_that_they_are_sent(self) -> None:
        with self._starting:
            if self._sender is None:
                sender = threading.Thread(target=self._send_all, name="drawdown-lists", daemon=True)
                sender.start()
                self._sender = sender

    def _send_all(self) -> None:
        try:
            for taken in self._lists():
                self._is_sending = True
                self._send(taken)
        except BaseException:
            self._sender, self._is_sending = None, False
            raise

    def _lists(self) -> Iterator[list[_Waiting]]:
        left: _Waiting | None = None
        while True:
            try:
                first = left or self._waiting.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._starting:
                    if self._waiting.empty():
                        self._sender = None
                        return
                continue
            taken, left = self._taken_with(first)
            if taken:
                yield taken
            self._is_sending = left is not None or not self._waiting.empty()

    def _taken_with(self, first: _Waiting) -> tuple[list[_Waiting], _Waiting | None]:
        """What is still waited for, as much as a list takes; and the one that it did not."""
        taken: list[_Waiting] = []
        size, one = 0, first
        while True:
            one.was_sent = True
            if not one.is_over:
                size += len(one.item)
                if taken and size > LIST_BYTES:
                    one.was_sent = False
                    return taken, one
                taken.append(one)
            if len(taken) == LIST_MAX:
                return taken, None
            try:
                one = self._waiting.get_nowait()
            except Empty:
                return taken, None

    def _send(self, taken: Sequence[_Waiting]) -> None:
        try:
            results = self._results(taken)
        except BaseException as error:
            told = error if isinstance(error, Exception) else Unreachable(repr(error))
            for one in taken:
                one.answer.put((None, told))
        else:
            for one, result in zip(taken, results, strict=True):
                one.answer.put((result, None))

    def _results(self, taken: Sequence[_Waiting]) -> Sequence[Reservation | Problem]:
        if len(taken) == 1:
            return [self._one(taken[0].operation, taken[0].retry)]
        return self._many([one.item for one in taken])
