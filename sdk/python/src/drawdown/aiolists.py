"""Concurrent calls of one event loop, sent in lists: while one list is on its way, those that come
wait for the next. A lone call goes as itself, at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from drawdown.answers import Reservation
from drawdown.errors import Problem, Unreachable
from drawdown.operations import Operation
from drawdown.retrying import Retry, Tries

LIST_MAX: Final = 1000
# The service takes twice as many.
LIST_BYTES: Final = 2 * 1024 * 1024

One = Callable[[Operation, Retry], Awaitable[Reservation]]
Many = Callable[[Sequence[bytes]], Awaitable[list[Reservation | Problem]]]


@dataclass(eq=False, slots=True)
class _Waiting:
    operation: Operation
    item: bytes
    # A problem is its own alone; what is raised was that of the whole list, which was tried again.
    done: asyncio.Future[Reservation | Problem]
    retry: Retry
    was_sent: bool = False


class Lists:
    def __init__(self, one: One, many: Many, retry: Retry, *, in_flight: int = 1) -> None:
        self._one, self._many, self._retry = one, many, retry
        self._free = in_flight
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def operate(self, operation: Operation) -> Reservation:
        """Raises as if it was sent alone. Who waits does so no longer than the deadline, however
        long the list of before takes."""
        tries = Tries(self._retry)
        item = operation.item()
        while isinstance(result := await self._wait(operation, item, tries), Problem):
            await asyncio.sleep(tries.pause(result))
        return result

    async def _wait(self, operation: Operation, item: bytes, tries: Tries) -> Reservation | Problem:
        done: asyncio.Future[Reservation | Problem] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(operation, item, done, tries.rest())
        self._waiting.append(waiting)
        self._start()
        try:
            async with asyncio.timeout(tries.left()):
                return await done
        except TimeoutError as error:
            raise Unreachable.within(self._retry.deadline, was_sent=waiting.was_sent) from error

    def _start(self) -> None:
        while self._free and (taken := self._take()):
            self._free -= 1
            task = asyncio.create_task(self._send(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take(self) -> list[_Waiting]:
        """What is still waited for, as much as a list takes."""
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and len(taken) < LIST_MAX:
            one = self._waiting[0]
            size += 0 if one.done.done() else len(one.item)
            if taken and size > LIST_BYTES:
                break
            self._waiting.popleft()
            if not one.done.done():
                one.was_sent = True
                taken.append(one)
        return taken

    async def _send(self, taken: list[_Waiting]) -> None:
        try:
            results = await self._results(taken)
        except Exception as error:
            for one in taken:
                if not one.done.done():
                    one.done.set_exception(error)
        else:
            for one, result in zip(taken, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)
        finally:
            self._free += 1
            self._start()

    async def _results(self, taken: Sequence[_Waiting]) -> Sequence[Reservation | Problem]:
        if len(taken) == 1:
            return [await self._one(taken[0].operation, taken[0].retry)]
        return await self._many([one.item for one in taken])
