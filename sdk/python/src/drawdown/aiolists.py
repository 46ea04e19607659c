"""Concurrent calls of one event loop, sent in lists: while one list is on its way, those that come
wait for the next. A lone call goes as itself, at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from drawdown.answers import Reservation
from drawdown.errors import Problem
from drawdown.operations import Operation

LIST_MAX: Final = 1000

One = Callable[[Operation], Awaitable[Reservation]]
Many = Callable[[Sequence[Operation]], Awaitable[list[Reservation | Problem]]]


class Lists:
    def __init__(self, one: One, many: Many, *, in_flight: int = 1) -> None:
        self._one, self._many = one, many
        self._free = in_flight
        self._waiting: deque[tuple[Operation, asyncio.Future[Reservation]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def operate(self, operation: Operation) -> Reservation:
        """Raises as if it was sent alone."""
        done: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, done))
        self._start()
        return await done

    def _start(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            taken = [self._waiting.popleft() for _ in range(min(LIST_MAX, len(self._waiting)))]
            task = asyncio.create_task(self._send(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, taken: list[tuple[Operation, asyncio.Future[Reservation]]]) -> None:
        try:
            results = await self._results([operation for operation, _ in taken])
        except Exception as error:
            results = [error] * len(taken)
        finally:
            self._free += 1
            self._start()
        for (_, done), result in zip(taken, results, strict=True):
            _tell(done, result)

    async def _results(self, operations: Sequence[Operation]) -> Sequence[Reservation | Exception]:
        if len(operations) == 1:
            return [await self._one(operations[0])]
        return await self._many(operations)


def _tell(done: asyncio.Future[Reservation], result: Reservation | Exception) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
