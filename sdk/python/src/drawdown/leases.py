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
from drawdown.closing import CLOSE_SECONDS, Closing
from drawdown.holder import Holder
from drawdown.holding import Hold
from drawdown.leasing import DEFAULT_SIZE, Size
from drawdown.terms import ReserveTerms
from drawdown.wire import Flow

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
            if self._closed.is_set():
                return
            self._run(payer, self._holder.keep(payer))
        self._finish()

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Settles all, within so many seconds. What the service does not hear of now stays in the
        folder; without one it is lost, and an error in the log says so."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._closing.begin(timeout)
        self._worker.join(timeout)
        self._holder.is_closed = True
        ran = [self._run(payer, self._holder.leave(payer)) for payer in self._holder.payers()]
        ran.append(self._finish())
        self._holder.close(in_use=self._worker.is_alive() or not all(ran))

    def recover(self) -> None:
        """What processes that are no more have left in the folder, as it is done every second. One
        that has ended is found within ten seconds."""
        self._run(_LEFT, self._holder.recover())

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
            return self._client.run(self._closing.bound(self._holder.ready(payer, endpoint)))

    def _finish(self) -> bool:
        """As `_run`."""
        ending = self._holder.ending
        ran = [self._run(payer, ending.end(payer)) for payer in ending.payers()]
        self._client.run(self._closing.bound(self._holder.post()))
        return all(ran)

    def _run(self, payer: str, flow: Flow[None]) -> bool:
        """Whether it had its turn before the time to close was over."""
        lock = self._lock(payer)
        if not lock.acquire(timeout=self._closing.left()):
            return False
        try:
            self._client.run(self._closing.bound(flow))
        finally:
            lock.release()
        return True

    def _begin_to_work(self) -> None:
        self._closing = Closing()
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
