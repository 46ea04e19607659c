"""Credits that are spent without asking for each call, for threads. `drawdown.AsyncLeases` is the
same for asyncio."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from drawdown import leasing
from drawdown.block import Block
from drawdown.client import Client
from drawdown.holder import Holder, working
from drawdown.leasing import DEFAULT_SIZE, Size

_LOCKS: Final = 64


class Leases:
    """For any number of threads. Close it, or use it in `with`: what is left comes back.

    A customer, or the secret of its key, that calls often has a block of credits here, from which
    calls are paid without asking the service; what they came to is settled every second. Nothing is
    ever overdrawn. `folder`: what was spent is counted in files there, so that it is settled by the
    next process when this one is killed.
    """

    def __init__(
        self, client: Client, *, size: Size = DEFAULT_SIZE, folder: str | Path | None = None
    ) -> None:
        self._client = client
        self._holder = Holder(size, Path(folder) if folder is not None else None, client.retry)
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._closed = threading.Event()
        self._worker = threading.Thread(target=self._work, name="drawdown-leases", daemon=True)
        self._worker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def spend(self, payer: str, endpoint: str) -> None:
        """Pays for a call: `payer` is a customer's id or the secret of its key.

        Raises the problem that Drawdown refuses with (PaymentRequired, TooManyRequests, ...), and
        Unreachable where it is away and the block is spent or over.
        """
        if self._holder.spend(payer, endpoint):
            return
        block = self._ready(payer, endpoint)
        if block is None or not block.spend(endpoint):
            self._client.debit(**leasing.payer(payer), endpoint=endpoint)

    @contextmanager
    def spending(self, payer: str, endpoint: str) -> Iterator[None]:
        """Pays for the work of the block when it ends; nothing where it raises. Raises as `spend`
        does."""
        block = self._holder.block_of(payer)
        cost = block.begin(endpoint) if block else None
        if cost is None:
            block = self._ready(payer, endpoint)
            cost = block.begin(endpoint) if block else None
        if block is None or cost is None:
            with self._client.reserve(**leasing.payer(payer), endpoint=endpoint):
                yield
        else:
            with working(block, endpoint, cost):
                yield

    def settle(self) -> None:
        """All that was spent so far, as it is done every second. Raises nothing: what cannot be
        settled now is settled later."""
        for payer in self._holder.payers():
            with self._lock(payer):
                self._client.run(self._holder.keep(payer))
        self._finish()

    def close(self) -> None:
        """Settles all. What the service does not hear of now stays in the folder; without one it
        is lost, and an error in the log says so."""
        self._closed.set()
        self._worker.join()
        self._holder.is_closed = True
        for payer in self._holder.payers():
            with self._lock(payer):
                self._client.run(self._holder.leave(payer))
        self._finish()
        self._holder.close()

    def recover(self) -> None:
        """What processes that are no more have left in the folder, as it is done every second."""
        self._client.run(self._holder.recover())

    def _ready(self, payer: str, endpoint: str) -> Block | None:
        with self._lock(payer):
            return self._client.run(self._holder.ready(payer, endpoint))

    def _finish(self) -> None:
        for payer, block in self._holder.take_old():
            with self._lock(payer):
                self._client.run(self._holder.end(payer, block))
        self._client.run(self._holder.post())

    def _work(self) -> None:
        while not self._closed.wait(self._holder.size.every):
            self.recover()
            self.settle()

    def _lock(self, payer: str) -> threading.Lock:
        return self._locks[hash(payer) % _LOCKS]
