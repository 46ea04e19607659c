"""Blocks of credits by payer, and what is to be done about them. Whoever drives it sees to it that
at most one of these flows runs for a payer at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from drawdown import leasing, posting
from drawdown.block import Block, Settlement
from drawdown.counts import left_behind
from drawdown.errors import DrawdownError, Problem
from drawdown.lease_clock import clock
from drawdown.leasing import Shop, Size
from drawdown.problems import InsufficientCredits, LeaseImpossible
from drawdown.retrying import Retry
from drawdown.wire import Flow

IDLE_SECONDS: Final = 5.0
logger = logging.getLogger("drawdown")


class Holder:
    """What is spent is counted in files of the folder, if there is one."""

    def __init__(self, size: Size, folder: Path | None, retry: Retry) -> None:
        self.size = size
        self.is_closed = False
        self._retry = retry
        self._folder = folder
        self._left_behind = list(left_behind(folder)) if folder else []
        self._counts, self._journal = leasing.begin(folder)
        self._shops: dict[str, Shop] = {}
        self._old: list[tuple[str, Block]] = []

    def spend(self, payer: str, endpoint: str) -> bool:
        """Whether a call was paid for, at once."""
        shop = self._shops.get(payer)
        return shop is not None and shop.block is not None and shop.block.spend(endpoint)

    def block_of(self, payer: str) -> Block | None:
        shop = self._shops.get(payer)
        return shop.block if shop else None

    def payers(self) -> list[str]:
        return list(self._shops)

    def take_old(self) -> list[tuple[str, Block]]:
        """Blocks that are to be ended, each with its payer."""
        old, self._old = self._old, []
        return old

    def ready(self, payer: str, endpoint: str) -> Flow[Block | None]:
        """A block that may have enough for a call. None: it is to be asked for alone. Raises the
        problem that Drawdown refuses with, and Unreachable."""
        if self.is_closed:
            raise RuntimeError("These leases are closed.")
        shop = self._shops.setdefault(payer, Shop())
        if not shop.may_lease():
            return None
        try:
            return (yield from self._ready(payer, shop, endpoint))
        except InsufficientCredits:
            return None
        except LeaseImpossible:
            shop.lease_no_more()
            return None

    def keep(self, payer: str) -> Flow[None]:
        """Settles what was spent; ends what is not used. What fails now is done later."""
        shop = self._shops.get(payer)
        block = shop.block if shop else None
        if shop is None or block is None:
            if shop is not None and shop.is_forgotten():
                del self._shops[payer]
        elif block.is_idle(clock() - IDLE_SECONDS):
            shop.block = None
            yield from self.end(payer, block)
        elif block.pending is not None or block.unsettled() or self._is_late(block):
            least = max((cost for cost, _ in shop.costs.values()), default=0)
            try:
                yield from self._renew(shop, block, least)
            except DrawdownError as error:
                logger.info("A lease is settled later: %s", error)

    def leave(self, payer: str) -> Flow[None]:
        """Ends its block, and forgets it."""
        shop = self._shops.pop(payer, None)
        if shop is not None and shop.block is not None:
            yield from self.end(payer, shop.block)

    def end(self, payer: str, block: Block) -> Flow[None]:
        """Gives back what is left; what cannot be settled now waits among the old ones."""
        if (yield from self._is_ended(block)):
            block.close()
        else:
            self._old.append((payer, block))

    def post(self) -> Flow[None]:
        """What was spent of leases that were over."""
        try:
            yield from posting.post(self._journal, self._retry)
        except DrawdownError as error:
            logger.info("The journal waits: %s", error)

    def recover(self) -> Flow[None]:
        """What processes that are no more have left in the folder."""
        while self._left_behind:
            file = self._left_behind[-1]
            try:
                for note in file.leases():
                    yield from leasing.recover(file, note, self._journal, self._retry)
            except DrawdownError as error:
                logger.warning("What another process has spent is settled later: %s", error)
                return
            file.remove()
            self._left_behind.pop()

    def close(self) -> None:
        """What the service did not hear of stays in the folder; without one it is lost."""
        left = len(self._old) + len(self._journal.waiting())
        if left and self._folder is None:
            logger.error("What %d leases were spent on was not settled, and is lost.", left)
        for file in self._left_behind:
            file.close()
        self._counts.close()
        self._journal.close()

    def _ready(self, payer: str, shop: Shop, endpoint: str) -> Flow[Block]:
        cost = yield from self._cost(payer, shop, endpoint)
        block = shop.block
        if block is not None and block.is_open():
            block.learn(endpoint, cost)
            if block.left < cost:
                yield from self._renew(shop, block, cost)
        if block is None or not block.is_open():
            if block is not None:
                self._old.append((payer, block))
                shop.block = None
            wanted = shop.burn.wanted(0, cost, self.size)
            flow = leasing.take(payer, wanted, cost, self.size, self._counts, self._retry)
            block, shop.available = yield from flow
            block.learn(endpoint, cost)
            shop.block = block
        return block

    def _cost(self, payer: str, shop: Shop, endpoint: str) -> Flow[int]:
        known = shop.cost(endpoint)
        if known is None:
            customer = payer if payer.startswith("cus_") else None
            customer = shop.block.customer if shop.block else customer
            known = yield from leasing.cost(customer, endpoint, self._retry)
            shop.costs[endpoint] = known, clock()
        return known

    def _renew(self, shop: Shop, block: Block, cost: int) -> Flow[None]:
        """Raises DrawdownError."""
        wanted = shop.burn.wanted(block.unsettled(), cost, self.size)
        if 0 < shop.available < wanted:
            wanted = max(cost, (shop.available + block.left) // 2)
        settlement = block.settlement(wanted, self.size.seconds, ends=False)
        shop.available = yield from self._send(block, settlement)

    def _is_late(self, block: Block) -> bool:
        return clock() > block.until - self.size.seconds / 2

    def _is_ended(self, block: Block) -> Flow[bool]:
        try:
            if block.pending is not None:
                yield from self._send(block, block.pending)
            if not block.is_over:
                last = block.settlement(0, self.size.seconds, ends=True)
                yield from self._send(block, last)
        except DrawdownError as error:
            logger.info("A lease is settled later: %s", error)
            return False
        if block.is_over and not block.is_done():
            self._give_up(block)
        return block.is_done()

    def _send(self, block: Block, settlement: Settlement) -> Flow[int]:
        """What its payer has beside it. Raises DrawdownError where it is to be sent again."""
        try:
            return (yield from leasing.settle(block, settlement, self._retry))
        except Problem as problem:
            if not leasing.was_not_done(problem):
                raise
            logger.warning("The lease %s is over: %s", block.id, problem)
            self._give_up(block)
            return 0

    def _give_up(self, block: Block) -> None:
        leasing.journal_lines(self._journal, block.id, block.customer, block.give_up())
        block.given_up()


@contextmanager
def working(block: Block, endpoint: str, cost: int) -> Iterator[None]:
    """Work that is paid for when it ends, and not where it raises."""
    done = False
    try:
        yield
        done = True
    finally:
        block.end(endpoint, cost, done=done)
