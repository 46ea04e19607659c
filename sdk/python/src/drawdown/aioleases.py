"""Credits that are spent without asking for each call, for asyncio: the methods of
`drawdown.Leases`, awaited."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack
from weakref import WeakValueDictionary

from drawdown import forks, leasing
from drawdown.aio import AsyncClient
from drawdown.block import Block
from drawdown.charging import AsyncReserving
from drawdown.closing import CLOSE_SECONDS, Closing
from drawdown.holder import Holder
from drawdown.holding import Hold
from drawdown.leasing import DEFAULT_SIZE, Size
from drawdown.terms import ReserveTerms
from drawdown.wire import Flow

_LEFT: Final = "left behind"  # one lock is for it


class AsyncLeases(AsyncReserving):
    """For any number of tasks of one event loop. Close it, or use it in `async with`: what is left
    comes back.

    A customer, or the secret of its key, that calls often has a block of credits here, from which
    calls are paid without asking the service; what they came to is settled every second. Nothing is
    ever overdrawn. `folder`: what was spent is counted in files there, so that it is settled by the
    next process when this one is killed.
    """

    def __init__(
        self, client: AsyncClient, *, size: Size = DEFAULT_SIZE, folder: str | Path | None = None
    ) -> None:
        self._client, self._size = client, size
        self._folder = Path(folder) if folder is not None else None
        self._make()
        forks.watch(self)

    def _make(self) -> None:
        self._holder = Holder(self._size, self._folder, self._client.retry)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._worker: asyncio.Task[None] | None = None
        self._round: asyncio.Task[None] | None = None
        self._closing, self._is_closed = Closing(), False

    async def __aenter__(self) -> Self:
        self._begin_to_work()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.aclose()

    async def spend(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        *,
        api_key: str | None = None,
    ) -> None:
        """Pays for a call: of the customer, or by the secret of its key.

        Raises the problem that Drawdown refuses with (PaymentRequired, TooManyRequests, ...), and
        Unreachable where it is away and the block is spent or over.
        """
        payer = leasing.name_of(customer, api_key)
        if payer is not None and endpoint is not None:
            if self._holder.spend(payer, endpoint):
                return
            block = await self._ready(payer, endpoint)
            if block is not None and block.spend(endpoint):
                return
        await self._client.debit(customer, endpoint, api_key=api_key)

    @asynccontextmanager
    async def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> AsyncIterator[Hold]:
        """As the client's: pays for the work of the block when it ends, nothing where it raises.
        Work of which more is said than who pays, and for what endpoint, is asked for as without
        leases. Raises as `spend` does."""
        payer = leasing.payer_of_work(customer, endpoint, terms)
        begun = await self._begin(payer, endpoint) if payer and endpoint else None
        if begun is None or endpoint is None:
            async with self._client.reserve(customer, endpoint, **terms) as hold:
                yield hold
        else:
            block, cost = begun
            with self._holder.working(block, endpoint, cost) as hold:
                yield hold

    async def settle(self) -> None:
        """All that was spent so far, as it is done every second. Raises nothing: what cannot be
        settled now is settled later."""
        for payer in self._holder.payers():
            if self._is_closed:
                return
            await self._run(payer, self._holder.keep(payer))
        await self._finish()

    async def aclose(self, timeout: float = CLOSE_SECONDS) -> None:
        """Settles all, within so many seconds. What the service does not hear of now stays in the
        folder; without one it is lost, and an error in the log says so."""
        if self._is_closed:
            return
        self._is_closed = True
        self._closing.begin(timeout)
        ran = [await self._has_stopped()]
        self._holder.is_closed = True
        for payer in self._holder.payers():
            ran.append(await self._run(payer, self._holder.leave(payer)))
        ran.append(await self._finish())
        self._holder.close(in_use=not all(ran))

    async def recover(self) -> None:
        """What processes that are no more have left in the folder, as it is done every second. One
        that has ended is found within ten seconds."""
        await self._run(_LEFT, self._holder.recover())

    def begin_anew(self) -> None:
        """In a process that was forked."""
        self._holder.forget()
        self._make()

    async def _begin(self, payer: str, endpoint: str) -> tuple[Block, int] | None:
        begun = self._holder.begin(payer, endpoint)
        if begun is None and await self._ready(payer, endpoint) is not None:
            begun = self._holder.begin(payer, endpoint)
        return begun

    async def _ready(self, payer: str, endpoint: str) -> Block | None:
        """Whoever is cancelled meanwhile loses no lease: it is taken all the same, and kept."""
        self._begin_to_work()
        return await asyncio.shield(self._take(payer, endpoint))

    async def _take(self, payer: str, endpoint: str) -> Block | None:
        async with self._lock(payer):
            flow = self._closing.bound(self._holder.ready(payer, endpoint))
            return await self._client.run(flow)

    async def _finish(self) -> bool:
        """As `_run`."""
        ending = self._holder.ending
        ran = [await self._run(payer, ending.end(payer)) for payer in ending.payers()]
        await self._client.run(self._closing.bound(self._holder.post()))
        return all(ran)

    async def _run(self, payer: str, flow: Flow[None]) -> bool:
        """Whether it had its turn before the time to close was over."""
        lock = self._lock(payer)
        try:
            async with asyncio.timeout(self._closing.left()):
                await lock.acquire()
        except TimeoutError:
            return False
        try:
            await self._client.run(self._closing.bound(flow))
        finally:
            lock.release()
        return True

    async def _has_stopped(self) -> bool:
        """What it does by itself: whether it has, before the time to close was over."""
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker
        if self._round is not None:
            await asyncio.wait({self._round}, timeout=self._closing.left())
        return self._round is None or self._round.done()

    def _begin_to_work(self) -> None:
        """With the first block at the latest: there is an event loop then."""
        if self._worker is None and not self._is_closed:
            self._worker = asyncio.create_task(self._work())

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
