"""Blocks of credits by payer, and what is to be done about them. Whoever drives it sees to it that
at most one of these flows runs for a payer at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from drawdown import holding, leasing, posting
from drawdown.block import Block
from drawdown.counts import Full
from drawdown.ending import Ending, later
from drawdown.errors import (
    AccessDenied,
    DrawdownError,
    Missing,
    PaymentRequired,
    TooManyRequests,
)
from drawdown.holding import Hold
from drawdown.lease_clock import clock
from drawdown.leasing import Shop, Size
from drawdown.left import Left
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
        self._counts, self._journal = leasing.begin(folder)
        self._left = Left(folder, self._journal, retry)
        self._shops: dict[str, Shop] = {}
        self._listed = Shop()  # what calls cost whom nobody knows yet
        self.ending = Ending(self._journal, size, retry)

    def spend(self, payer: str, endpoint: str) -> bool:
        """Whether a call was paid for, at once."""
        shop = self._shops.get(payer)
        return shop is not None and shop.block is not None and shop.block.spend(endpoint)

    def begin(self, payer: str, endpoint: str) -> tuple[Block, int] | None:
        """The block that pays for some work, and what it may cost; for `working`."""
        shop = self._shops.get(payer)
        block = shop.block if shop else None
        cost = block.begin(endpoint) if block else None
        return None if block is None or cost is None else (block, cost)

    @contextmanager
    def working(self, block: Block, endpoint: str, cost: int) -> Iterator[Hold]:
        """Work that is paid for when it ends, and not where it raises."""
        hold = Hold(None, None, block=block)
        is_paid = False
        try:
            yield hold
            is_paid = hold.settlement.is_plain()
            if not is_paid:
                self._report(block.customer, endpoint, hold.settlement)
        finally:
            hold.has_ended = True
            block.end(endpoint, cost, done=is_paid)

    def payers(self) -> list[str]:
        return list(self._shops)

    def ready(self, payer: str, endpoint: str) -> Flow[Block | None]:
        """A block that may have enough for a call. None: it is to be asked for alone. Raises the
        problem that Drawdown refuses with, and Unreachable."""
        # Before one looks whether it is closed, which forgets all of those that are there then.
        shop = self._shops.setdefault(payer, Shop())
        if self.is_closed:
            raise RuntimeError("These leases are closed.")
        if not shop.may_lease():
            return None
        try:
            return (yield from self._ready(payer, shop, endpoint))
        except InsufficientCredits:
            pass
        except LeaseImpossible:
            shop.lease_no_more()
        except Full as error:
            logger.warning("For a while calls are asked for one by one: %s", error)
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
            self._put_by(payer, shop)
        else:
            yield from later(self._keep(payer, shop, block))

    def leave(self, payer: str) -> Flow[None]:
        """Ends its block, and forgets it."""
        shop = self._shops.pop(payer, None)
        if shop is not None:
            self._put_by(payer, shop)
        yield from self.ending.end(payer)

    def post(self) -> Flow[None]:
        """What was spent of leases that were over, and what work has said of itself."""
        return later(posting.post(self._journal, self._retry))

    def recover(self) -> Flow[None]:
        """What processes that are no more have left in the folder."""
        return self._left.recover()

    def close(self, *, in_use: bool = False) -> None:
        """What the service did not hear of stays in the folder; without one it is lost. `in_use`:
        somebody has not come back yet, to whom the files are left until the process ends."""
        lost = len(self.ending) + len(self._shops) + len(self._journal.waiting())
        if lost and self._folder is None:
            logger.error("What %d leases were spent on was not settled, and is lost.", lost)
        if in_use:
            return
        self._left.close()
        if not self.ending.is_under_way():
            self._counts.close()
            self._journal.close()

    def forget(self) -> None:
        """All of it is another process's, of which this one was forked."""
        self.is_closed = True
        self._shops.clear()
        self._left.close()
        self._counts.close()

    def _ready(self, payer: str, shop: Shop, endpoint: str) -> Flow[Block]:
        cost = yield from self._cost(payer, shop, endpoint)
        block = shop.block
        if block is not None and block.is_open():
            block.learn(endpoint, cost)
            if block.left < cost:
                yield from self._renew(shop, block, cost)
        if block is None or not block.is_open():
            self._put_by(payer, shop)
            block = yield from self._take(payer, shop, cost)
            # Now it is known whose key it is, and what calls cost that customer.
            block.learn(endpoint, (yield from self._cost(payer, shop, endpoint)))
        return block

    def _take(self, payer: str, shop: Shop, cost: int) -> Flow[Block]:
        if shop.request is None or clock() >= shop.request.until:
            wanted = shop.burn.wanted(0, cost, self.size)
            shop.request = leasing.request(payer, wanted, cost, self.size)
        try:
            block, shop.available = yield from leasing.take(shop.request, self._counts, self._retry)
        except Exception as error:
            if not (isinstance(error, DrawdownError) and error.is_absence):
                shop.request = None
            raise
        shop.request = None
        self._put_by(payer, shop)
        shop.block, shop.customer = block, block.customer
        for known in shop.costs:
            if (price := shop.cost(known)) is not None:
                block.learn(known, price)
        return block

    def _put_by(self, payer: str, shop: Shop) -> None:
        """Its block is to be ended."""
        if shop.block is not None:
            self.ending.put(payer, shop.block)
            shop.block = None

    def _cost(self, payer: str, shop: Shop, endpoint: str) -> Flow[int]:
        customer = shop.customer or leasing.payer(payer).get("customer")
        known_to = shop if customer else self._listed
        cost = known_to.cost(endpoint)
        if cost is None:
            cost = yield from leasing.cost(customer, endpoint, self._retry)
            known_to.costs[endpoint] = cost, clock()
        return cost

    def _keep(self, payer: str, shop: Shop, block: Block) -> Flow[None]:
        """Raises DrawdownError."""
        least = max((cost for cost, _ in shop.costs.values()), default=0)
        if block.pending is not None or block.unsettled() or self._is_late(block):
            yield from self._renew(shop, block, least)
        if clock() - block.began_at >= self.size.seconds:
            yield from self._replace(payer, shop, least)

    def _replace(self, payer: str, shop: Shop, least: int) -> Flow[None]:
        """Whether it may still pay is looked at when a lease is taken, not when it is renewed.
        Raises DrawdownError."""
        try:
            yield from self._take(payer, shop, least)
        except (AccessDenied, Missing, LeaseImpossible, Full):
            self._put_by(payer, shop)
        except (PaymentRequired, TooManyRequests) as error:
            logger.info("The old lease goes on: %s", error)

    def _renew(self, shop: Shop, block: Block, cost: int) -> Flow[None]:
        """Raises DrawdownError."""
        wanted = shop.burn.wanted(block.unsettled(), cost, self.size)
        if 0 < shop.available < wanted:
            wanted = max(cost, (shop.available + block.left) // 2)
        settlement = block.settlement(wanted, self.size.seconds, ends=False)
        shop.available = yield from self.ending.send(block, settlement)

    def _is_late(self, block: Block) -> bool:
        return clock() > block.until - self.size.seconds / 2

    def _report(self, customer: str, endpoint: str, said: holding.Settlement) -> None:
        """As a usage event: what it costs by its outcome, or by what was used, is the service's to
        say, and the block pays nothing."""
        self._journal.write(
            customer=customer, endpoint=endpoint, credits=Decimal(0), data=said.told()
        )
