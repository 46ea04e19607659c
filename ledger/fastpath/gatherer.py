"""With whom an operation travels.

While one call of the core is in flight, arrivals queue; when it returns, the whole queue goes as
the next one: one database transaction, one durable commit, for all of them. A lone operation goes
at once. Nobody is answered before the commit.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any, Final

from ledger.fastpath.aside import Aside
from ledger.fastpath.database import CoreLine, Row
from ledger.fastpath.metrics import count_call, count_failed_call
from ledger.fastpath.party import Answer, Party, Seat
from ledger.fastpath.refusals import Unavailable
from ledger.fastpath.waker import Waker
from ledger.operations import Operation

# A party is never split, so that its order holds; a call may be longer by one party.
CALL_MAX: Final = 256
PENDING_MAX: Final = 10_000

logger = logging.getLogger(__name__)


class Gatherer:
    def __init__(self, parameters: Mapping[str, Any], waker: Waker) -> None:
        self._line = CoreLine(parameters)
        self._waker = waker
        self._aside = Aside(parameters, waker)
        self._queue: deque[Party] = deque()
        self._arrived = asyncio.Event()
        self._pending = 0
        self._closing = False

    async def do(self, operations: Sequence[Operation]) -> list[Answer]:
        """Answers in the same order, each the core's or why there is none. Raises Unavailable."""
        if self._closing or self._pending + len(operations) > PENDING_MAX:
            raise Unavailable("Too much is waiting to be written.")
        party = Party(operations)
        self._pending += len(operations)
        self._queue.append(party)
        self._arrived.set()
        try:
            return await party.answers
        finally:
            self._pending -= len(operations)

    async def run(self) -> None:
        """Works until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                parties = list(self._take())
                operations = list(chain.from_iterable(party.operations for party in parties))
                began = monotonic()
                rows = await self._call(operations)
                if rows is None:
                    self._give_up(parties)
                else:
                    # In the next turn of the loop, when the next call is on its way.
                    count = partial(count_call, operations, rows, monotonic() - began)
                    loop.call_soon(self._deliver, parties, rows, count)

    async def close(self) -> None:
        """Finish what was accepted; accept nothing more."""
        self._closing = True
        while self._pending:
            await asyncio.sleep(0.01)
        await self._line.close()
        await self._aside.close()

    def _take(self) -> Iterator[Party]:
        room = CALL_MAX
        while self._queue and room > 0:
            party = self._queue.popleft()
            room -= len(party.operations)
            yield party

    async def _call(self, operations: Sequence[Operation]) -> list[Row] | None:
        """None when the call itself failed."""
        try:
            return await self._line.apply(operations, wait=False)
        except Exception:
            names = [operation.request_id for operation in operations]
            told = "A call of %d operations failed."
            logger.exception(told, len(operations), extra={"request_ids": names})
            count_failed_call()
            return None

    def _deliver(
        self, parties: Sequence[Party], rows: Sequence[Row], count: Callable[[], None]
    ) -> None:
        self._aside.take(_answer(parties, rows))
        self._waker.look(rows)
        # After those who have their answers now.
        asyncio.get_running_loop().call_soon(count)

    def _give_up(self, parties: Sequence[Party]) -> None:
        if self._line.is_lost:
            # Those behind them would wait as long again, one call after the other.
            for party in (*parties, *self._queue):
                party.fail(Unavailable())
            self._queue.clear()
        else:
            self._aside.take(seat for party in parties for seat in party.seats())


def _answer(parties: Iterable[Party], rows: Iterable[Row]) -> list[Seat]:
    """Those are left whose wallet somebody else has locked."""
    busy = []
    following = iter(rows)
    for party in parties:
        for place in range(len(party.operations)):
            row = next(following)
            if row.code == "busy":
                busy.append(Seat(party, place))
            else:
                party.answer(place, row)
    return busy
