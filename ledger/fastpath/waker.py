"""Lets the relay know that events were written, after they were committed and beside the answers: a
NOTIFY in the transaction itself would make all of them commit one after the other."""

import asyncio
import logging
from collections.abc import Iterable

from ledger.fastpath.database import Line, Row
from ledger.outbox import NOTIFY

logger = logging.getLogger(__name__)


class Waker:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._events = asyncio.Event()

    def look(self, rows: Iterable[Row]) -> None:
        if any(row.told == "t" for row in rows):
            self._events.set()

    async def run(self) -> None:
        """Works until it is cancelled. Events that come while it tells are told of together."""
        while True:
            await self._events.wait()
            self._events.clear()
            try:
                await self._line.rows(NOTIFY)
            except Exception as error:
                # Whatever it is: the relay looks by itself now and then.
                logger.warning("The relay was not woken: %s", error)
