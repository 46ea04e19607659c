"""Credits that are spent without asking for each call, for threads. `drawdown.AsyncLeases` is the
same for asyncio."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from drawdown import leasing, posting
from drawdown.block import Block, Settlement
from drawdown.client import Client
from drawdown.counts import left_behind
from drawdown.errors import DrawdownError, Problem
from drawdown.lease_clock import clock
from drawdown.leasing import Shop, Size
from drawdown.problems import InsufficientCredits, LeaseImpossible

IDLE_SECONDS: Final = 5.0
logger = logging.getLogger("drawdown")


class Leases:
    """For any number of threads. Close it, or use it in `with`: what is left comes back.

    A customer, or the secret of its key, that calls often has a block of credits here, from which
    calls are paid without asking the service; what they came to is settled every second. Nothing is
    ever overdrawn. `folder`: what was spent is counted in files there, so that it is settled by the
    next process when this one is killed.
    """

    def __init__(
        self, client: Client, *, size: Size | None = None, folder: str | Path | None = None
    ) -> None:
        self._client = client
        self._size = size or Size()
        self._folder = Path(folder) if folder is not None else None
        self._left_behind = list(left_behind(self._folder)) if self._folder else []
        self._counts, self._journal = leasing.begin(self._folder)
        self._shops: dict[str, Shop] = {}
        self._locks = [threading.Lock() for _ in range(64)]
        self._closed = threading.Event()
        self._old: list[tuple[str, Block]] = []
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
        shop = self._shops.get(payer)
        if shop is None or shop.block is None or not shop.block.spend(endpoint):
            self._spend_slowly(payer, endpoint)

    @contextmanager
    def spending(self, payer: str, endpoint: str) -> Iterator[None]:
        """Pays for the work of the block when it ends; nothing where it raises."""
        shop = self._shops.get(payer)
        block = shop.block if shop else None
        cost = block.begin(endpoint) if block else None
        if block is None or cost is None:
            block = self._ready(payer, endpoint)
            cost = block.begin(endpoint) if block else None
        if block is None or cost is None:
            with self._client.reserve(**leasing.payer(payer), endpoint=endpoint):
                yield
            return
        done = False
        try:
            yield
            done = True
        finally:
            block.end(endpoint, cost, done=done)

    def close(self) -> None:
        """Settles all. What the service does not hear of now stays in the folder; without one it
        is lost, and a warning says so."""
        self._closed.set()
        self._worker.join()
        for payer, shop in list(self._shops.items()):
            with self._lock(payer):
                if shop.block is not None:
                    self._end(payer, shop.block)
                del self._shops[payer]
        self._finish_old()
        self._post_journal()
        left = len(self._old) + len(self._journal.waiting())
        if left and self._folder is None:
            logger.error("What %d leases were spent on was not settled, and is lost.", left)
        self._counts.close()
        self._journal.close()

    def settle(self) -> None:
        """All that was spent so far, as it is done every second. Raises nothing: what cannot be
        settled now is settled later."""
        for payer, shop in list(self._shops.items()):
            with self._lock(payer):
                if shop.block is not None:
                    self._keep(payer, shop, shop.block)
                elif shop.is_forgotten():
                    del self._shops[payer]
        self._finish_old()
        self._post_journal()

    def _spend_slowly(self, payer: str, endpoint: str) -> None:
        block = self._ready(payer, endpoint)
        if block is None or not block.spend(endpoint):
            self._client.debit(**leasing.payer(payer), endpoint=endpoint)

    def _ready(self, payer: str, endpoint: str) -> Block | None:
        """A block that has enough for a call. None: it is to be asked for alone."""
        with self._lock(payer):
            if self._closed.is_set():
                raise RuntimeError("These leases are closed.")
            shop = self._shops.setdefault(payer, Shop())
            try:
                return self._block(payer, shop, endpoint) if shop.may_lease() else None
            except InsufficientCredits:
                return None
            except LeaseImpossible:
                shop.lease_no_more()
                return None

    def _block(self, payer: str, shop: Shop, endpoint: str) -> Block:
        """Raises DrawdownError."""
        cost = self._cost(payer, shop, endpoint)
        block = shop.block
        if block is not None and not block.is_over and clock() < block.until:
            block.learn(endpoint, cost)
            if block.left < cost:
                self._renew(payer, shop, block, cost)
        if block is None or block.is_over or clock() >= block.until:
            if block is not None:
                self._old.append((payer, block))
                shop.block = None
            wanted = shop.burn.wanted(0, cost, self._size)
            retry = self._client.retry
            flow = leasing.take(payer, wanted, cost, self._size, self._counts, retry)
            block, shop.available = self._client.run(flow)
            block.learn(endpoint, cost)
            shop.block = block
        return block

    def _cost(self, payer: str, shop: Shop, endpoint: str) -> int:
        known = shop.cost(endpoint)
        if known is None:
            customer = payer if payer.startswith("cus_") else None
            customer = shop.block.customer if shop.block else customer
            flow = leasing.cost(payer, customer, endpoint, self._client.retry)
            known = self._client.run(flow)
            shop.costs[endpoint] = known, clock()
        return known

    def _keep(self, payer: str, shop: Shop, block: Block) -> None:
        """Settles what was spent; ends what is not used."""
        if block.is_idle(clock() - IDLE_SECONDS):
            self._end(payer, block)
            shop.block = None
        elif block.pending is not None or block.unsettled() or self._is_late(block):
            least = max((cost for cost, _ in shop.costs.values()), default=0)
            try:
                self._renew(payer, shop, block, least)
            except DrawdownError as error:
                logger.info("A lease is settled later: %s", error)

    def _is_late(self, block: Block) -> bool:
        return clock() > block.until - self._size.seconds / 2

    def _renew(self, payer: str, shop: Shop, block: Block, cost: int) -> None:
        """Raises DrawdownError."""
        wanted = shop.burn.wanted(block.unsettled(), cost, self._size)
        if 0 < shop.available < wanted:
            wanted = max(cost, (shop.available + block.left) // 2)
        settlement = block.settlement(wanted, self._size.seconds, ends=False)
        shop.available = self._send(block, settlement)

    def _end(self, payer: str, block: Block) -> None:
        """Gives back what is left; what cannot be settled now waits among the old ones."""
        if not self._is_ended(block):
            self._old.append((payer, block))
        else:
            block.close()

    def _is_ended(self, block: Block) -> bool:
        try:
            if block.pending is not None:
                self._send(block, block.pending)
            if not block.is_over:
                self._send(block, block.settlement(0, self._size.seconds, ends=True))
        except DrawdownError as error:
            logger.info("A lease is settled later: %s", error)
            return False
        if block.is_over and not block.is_done():
            self._give_up(block)
        return block.is_done()

    def _send(self, block: Block, settlement: Settlement) -> int:
        """What its payer has beside it. Raises DrawdownError where it may be sent again."""
        try:
            return self._client.run(leasing.settle(block, settlement, self._client.retry))
        except Problem as problem:
            if problem.should_retry:
                raise
            logger.warning("The lease %s is over: %s", block.id, problem)
            self._give_up(block)
            return 0

    def _give_up(self, block: Block) -> None:
        leasing.journal_lines(self._journal, block.id, block.customer, block.give_up())
        block.given_up()

    def _finish_old(self) -> None:
        old, self._old = self._old, []
        for payer, block in old:
            with self._lock(payer):
                self._end(payer, block)

    def _post_journal(self) -> None:
        try:
            self._client.run(posting.post(self._journal, self._client.retry))
        except DrawdownError as error:
            logger.info("The journal waits: %s", error)

    def _work(self) -> None:
        while not self._closed.wait(self._size.every):
            self._recover()
            self.settle()

    def _recover(self) -> None:
        """What processes that are no more have left in the folder."""
        while self._left_behind:
            file = self._left_behind[-1]
            try:
                for note in file.leases():
                    flow = leasing.recover(file, note, self._journal, self._client.retry)
                    self._client.run(flow)
            except DrawdownError as error:
                logger.warning("What another process has spent is settled later: %s", error)
                return
            file.remove()
            self._left_behind.pop()

    def _lock(self, payer: str) -> threading.Lock:
        return self._locks[hash(payer) % len(self._locks)]
