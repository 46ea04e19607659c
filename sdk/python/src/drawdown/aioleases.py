"""Credits that are spent without asking for each call, for asyncio: the methods of
`drawdown.Leases`, awaited."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from drawdown import leasing
from drawdown.aio import AsyncClient
from drawdown.block import Block
from drawdown.holder import Holder, working
from drawdown.leasing import DEFAULT_SIZE, Size


class AsyncLeases:
    """For any number of tasks of one event loop. Use it in `async with`: what is left comes back.

    A customer, or the secret of its key, that calls often has a block of credits here, from which
    calls are paid without asking the service; what they came to is settled every second. Nothing is
    ever overdrawn. `folder`: what was spent is counted in files there, so that it is settled by the
    next process when this one is killed.
    """

    def __init__(
        self, client: AsyncClient, *, size: Size = DEFAULT_SIZE, folder: str | Path | None = None
    ) -> None:
        self._client = client
        self._holder = Holder(size, Path(folder) if folder is not None else None, client.retry)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._worker: asyncio.Task[None] | None = None
        self._round: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.aclose()

    async def spend(self, payer: str, endpoint: str) -> None:
        """Pays for a call: `payer` is a customer's id or the secret of its key.

        Raises the problem that Drawdown refuses with (PaymentRequired, TooManyRequests, ...), and
        Unreachable where it is away and the block is spent or over.
        """
        if self._holder.spend(payer, endpoint):
            return
        block = await self._ready(payer, endpoint)
        if block is None or not block.spend(endpoint):
            await self._client.debit(**leasing.payer(payer), endpoint=endpoint)

    @asynccontextmanager
    async def spending(self, payer: str, endpoint: str) -> AsyncIterator[None]:
        """Pays for the work of the block when it ends; nothing where it raises or is cancelled.
        Raises as `spend`."""
        block = self._holder.block_of(payer)
        cost = block.begin(endpoint) if block else None
        if cost is None:
            block = await self._ready(payer, endpoint)
            cost = block.begin(endpoint) if block else None
        if block is None or cost is None:
            async with self._client.reserve(**leasing.payer(payer), endpoint=endpoint):
                yield
        else:
            with working(block, endpoint, cost):
                yield

    async def settle(self) -> None:
        """All that was spent so far, as it is done every second. Raises nothing: what cannot be
        settled now is settled later."""
        for payer in self._holder.payers():
            async with self._lock(payer):
                await self._client.run(self._holder.keep(payer))
        await self._finish()

    async def aclose(self) -> None:
        """Settles all. What the service does not hear of now stays in the folder; without one it
        is lost, and an error in the log says so."""
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker
        if self._round is not None:
            await self._round
        self._holder.is_closed = True
        for payer in self._holder.payers():
            async with self._lock(payer):
                await self._client.run(self._holder.leave(payer))
        await self._finish()
        self._holder.close()

    async def recover(self) -> None:
        """What processes that are no more have left in the folder, as it is done every second."""
        await self._client.run(self._holder.recover())

    async def _ready(self, payer: str, endpoint: str) -> Block | None:
        """Whoever is cancelled meanwhile loses no lease: it is taken all the same, and kept."""
        return await asyncio.shield(self._take(payer, endpoint))

    async def _take(self, payer: str, endpoint: str) -> Block | None:
        async with self._lock(payer):
            return await self._client.run(self._holder.ready(payer, endpoint))

    async def _finish(self) -> None:
        for payer, block in self._holder.take_old():
            async with self._lock(payer):
                await self._client.run(self._holder.end(payer, block))
        await self._client.run(self._holder.post())

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(self._holder.size.every)
            # It is not broken off in the middle: what is on its way is answered for.
            self._round = asyncio.create_task(self._recover_and_settle())
            await asyncio.shield(self._round)

    async def _recover_and_settle(self) -> None:
        await self.recover()
        await self.settle()

    def _lock(self, payer: str) -> asyncio.Lock:
        lock = self._locks.get(payer)
        if lock is None:
            lock = self._locks[payer] = asyncio.Lock()
        return lock
