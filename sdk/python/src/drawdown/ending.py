"""Blocks that are to be ended: what was spent is settled, and the rest given back."""

import logging
from typing import Any

from drawdown import leasing
from drawdown.block import Block, Settlement
from drawdown.errors import Problem, Unreachable
from drawdown.journal import Journal
from drawdown.problems import IdempotencyKeyReused
from drawdown.retrying import Retry
from drawdown.wire import Flow

logger = logging.getLogger("drawdown")


class Ending:
    """Of all payers. At most one of these flows runs for a payer at a time."""

    def __init__(self, journal: Journal, size: leasing.Size, retry: Retry) -> None:
        self._journal, self._size, self._retry = journal, size, retry
        self._blocks: list[tuple[str, Block]] = []

    def __len__(self) -> int:
        return len(self._blocks)

    def put(self, payer: str, block: Block) -> None:
        self._blocks.append((payer, block))

    def payers(self) -> list[str]:
        return list({payer for payer, _ in list(self._blocks)})

    def is_under_way(self) -> bool:
        """Work is that one of them pays for."""
        return any(block.is_under_way() for _, block in list(self._blocks))

    def end(self, payer: str) -> Flow[None]:
        """What cannot be settled now waits."""
        for one in [one for one in list(self._blocks) if one[0] == payer]:
            _, block = one
            yield from later(self._end(block))
            if block.is_done():
                self._blocks.remove(one)
                block.close()

    def send(self, block: Block, settlement: Settlement) -> Flow[int]:
        """What its payer has beside it. Raises DrawdownError where it is to be sent again, Full."""
        try:
            return (yield from leasing.settle(block, settlement, self._retry))
        except IdempotencyKeyReused as problem:
            # As where two believe that the other is dead: what was settled, nobody knows.
            logger.error("The last calls of the lease %s are not charged: %s", block.id, problem)
            block.give_up()
            block.given_up()
            yield from later(leasing.give_back(block.id, self._retry))
            return 0
        except Problem as problem:
            if not leasing.was_not_done(problem):
                raise
            logger.warning("The lease %s is over: %s", block.id, problem)
            self._give_up(block)
            return 0

    def _end(self, block: Block) -> Flow[None]:
        """Raises DrawdownError, Full."""
        if block.pending is not None:
            yield from self.send(block, block.pending)
        if not block.is_over:
            last = block.settlement(0, self._size.seconds, ends=True)
            yield from self.send(block, last)
        if block.is_over and not block.is_done():
            self._give_up(block)

    def _give_up(self, block: Block) -> None:
        leasing.journal_lines(self._journal, block.id, block.customer, block.give_up())
        block.given_up()


def later(flow: Flow[Any]) -> Flow[None]:
    """What fails now is done later; whatever it is, others are not to wait for it."""
    try:
        yield from flow
    except Unreachable as error:
        logger.info("It is settled later: %s", error)
    except Exception as error:
        logger.warning("It is settled later: %r", error)
