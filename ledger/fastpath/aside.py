"""Operations that cannot travel with the others wait here, without holding those up: their wallet
is locked by somebody else or does not exist yet, or the call that they were in failed.

Each customer has a queue of its own, which keeps the order of what was sent.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg

from ledger.errors import LedgerError
from ledger.fastpath.database import CoreLine, Lines, Row
from ledger.fastpath.party import Seat
from ledger.fastpath.refusals import Failed, Unavailable
from ledger.fastpath.waker import Waker
from ledger.operations import Operation

LINES: Final = 4
CALL_MAX: Final = 256

# Classes of SQLSTATE: nothing is wrong with the operation, but a lock was not granted in time, or
# the server is in trouble: read-only, without memory or room on its disk, shutting down.
_PASSING: Final = ("25", "40", "53", "55", "57", "58")

logger = logging.getLogger(__name__)


class Aside:
    def __init__(self, parameters: Mapping[str, Any], waker: Waker) -> None:
        self._waker = waker
        self._lines = Lines(parameters, size=LINES)
        self._queues: dict[UUID, list[Seat]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, seats: Iterable[Seat]) -> None:
        for seat in seats:
            customer_id = seat.operation.customer_id
            queue = self._queues.get(customer_id)
            if queue is None:
                queue = self._queues[customer_id] = []
                task = asyncio.create_task(self._serve(customer_id, queue))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            queue.append(seat)

    async def close(self) -> None:
        await self._lines.close()

    async def _serve(self, customer_id: UUID, queue: list[Seat]) -> None:
        while queue:
            async with self._lines.borrowed() as line:
                seats, queue[:CALL_MAX] = queue[:CALL_MAX], []
                if not await self._serve_together(line, seats):
                    # Who came since would wait as long, and all others for room.
                    _refuse(queue)
                    queue.clear()
        del self._queues[customer_id]

    async def _serve_together(self, line: CoreLine, seats: Sequence[Seat]) -> bool:
        """Or one by one where that fails. False: it is no use now, for those who come next."""
        try:
            rows = await self._apply(line, [seat.operation for seat in seats])
        except Exception as error:
            if len(seats) > 1:
                return await self._serve_one_by_one(line, seats)
            refusal = _refusal(line, error, seats[0].operation)
            seats[0].answer(refusal)
            return not isinstance(refusal, Unavailable)
        for seat, row in zip(seats, rows, strict=True):
            seat.answer(row)
        return True

    async def _serve_one_by_one(self, line: CoreLine, seats: Sequence[Seat]) -> bool:
        for place, seat in enumerate(seats, start=1):
            if not await self._serve_together(line, [seat]):
                _refuse(seats[place:])
                return False
        return True

    async def _apply(self, line: CoreLine, operations: Sequence[Operation]) -> list[Row]:
        """Operations of one customer, whose wallet is opened by its first."""
        rows = await line.apply(operations, wait=True)
        if rows[0].code == "no-wallet":
            await line.open_wallets([operations[0].customer_id])
            rows = await line.apply(operations, wait=True)
        self._waker.look(rows)
        return rows


def _refuse(seats: Iterable[Seat]) -> None:
    for seat in seats:
        seat.answer(Unavailable())


def _refusal(line: CoreLine, error: Exception, operation: Operation) -> LedgerError:
    state = isinstance(error, psycopg.Error) and error.sqlstate or ""
    if line.is_lost or state[:2] in _PASSING:
        return Unavailable()
    told = {"request_id": operation.request_id}
    logger.error("The core failed on one operation.", exc_info=error, extra=told)
    return Failed()
