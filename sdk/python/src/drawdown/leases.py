"""Credits that are spent without asking for each call, for threads. `drawdown.AsyncLeases` is the
same for asyncio."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack

from drawdown import forks, leasing
from drawdown.block import Block
from drawdown.charging import Reserving
from drawdown.client import Client
from drawdown.holder import Holder
from drawdown.holding import Hold
from drawdown.leasing import DEFAULT_SIZE, Size
from drawdown.terms import ReserveTerms

_LOCKS: Final = 64
_LEFT: Final = "left behind"  # one lock is for it


class Leases(Reserving):
    """For any number of threads. Close it, or use it in `with`: what is left comes back.

    A customer, or the secret of its key, that calls often has a block of credits here, from which
    calls are paid without asking the service; what they came to is settled every second. Nothing is
    ever overdrawn. `folder`: what was spent is counted in files there, so that it is settled by the
    next process when this one is killed.
    """

    def __init__(
        self, client: Client, *, size: Size = DEFAULT_SIZE, folder: str | Path | None = None
    ) -> None:
        self._client, self._size = client, size
        self._folder = Path(folder) if folder is not None else None
        self._begin_to_work()
        forks.watch(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def spend(
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
            block = self._ready(payer, endpoint)
            if block is not None and block.spend(endpoint):
                return
        self._client.debit(customer, endpoint, api_key=api_key)

    @contextmanager
    def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> Iterator[Hold]:
        """As the client's: pays for the work of the block when it ends, nothing where it raises.
        Work of which more is said than who pays, and for what endpoint, is asked for as without
        leases. Raises as `spend` does."""
        payer = leasing.payer_of_work(customer, endpoint, terms)
        begun = self._begin(payer, endpoint) if payer and endpoint else None
        if begun is None or endpoint is None:
            with self._client.reserve(customer, endpoint, **terms) as hold:
                yield hold
        else:
            block, cost = begun
            with self._holder.working(block, endpoint, cost) as hold:
                yield hold

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
        if self._closed.is_set():
            return
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
        with self._lock(_LEFT):
            self._client.run(self._holder.recover())

    def begin_anew(self) -> None:
        """In a process that was forked."""
        self._holder.forget()
        if not self._closed.is_set():
            self._begin_to_work()

    def _begin(self, payer: str, endpoint: str) -> tuple[Block, int] | None:
        begun = self._holder.begin(payer, endpoint)
        if begun is None and self._ready(payer, endpoint) is not None:
            begun = self._holder.begin(payer, endpoint)
        return begun

    def _ready(self, payer: str, endpoint: str) -> Block | None:
        with self._lock(payer):
            return self._client.run(self._holder.ready(payer, endpoint))

    def _finish(self) -> None:
        for payer in self._holder.ending.payers():
            with self._lock(payer):
                self._client.run(self._holder.ending.end(payer))
        self._client.run(self._holder.post())

    def _begin_to_work(self) -> None:
        self._holder = Holder(self._size, self._folder, self._client.retry)
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._closed = threading.Event()
        self._worker = threading.Thread(target=self._work, name="drawdown-leases", daemon=True)
        self._worker.start()

    def _work(self) -> None:
        while not self._closed.wait(self._size.every):
            self.recover()
            self.settle()

    def _lock(self, payer: str) -> threading.Lock:
        return self._locks[hash(payer) % _LOCKS]
