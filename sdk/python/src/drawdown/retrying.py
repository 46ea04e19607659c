"""Trying again: twice at most, with full jitter, inside of a deadline, and only where the service
says that it may help. The idempotency key stays the same, so nothing is done twice. A try but the
last takes half of the time that is left at most, so that one that hangs leaves time for another."""

import random
from dataclasses import dataclass
from time import monotonic
from typing import Final

from drawdown.errors import DrawdownError, Problem, Unreachable
from drawdown.wire import Answer, Failed, Flow, Request, Send, Sleep


@dataclass(frozen=True, slots=True)
class Retry:
    retries: int = 2
    deadline: float = 2.0  # seconds, for all tries of one call
    first_pause: float = 0.1  # seconds at most before the second try, twice as many before the next

    def pause(self, tried: int, error: DrawdownError) -> float:
        """Of any length up to the bound, so that callers that failed together come apart."""
        wanted = random.uniform(0, self.first_pause * 2**tried)
        told = error.retry_after if isinstance(error, Problem) else None
        return max(wanted, told or 0)


def call(request: Request, retry: Retry) -> Flow[Answer]:
    """Raises the Problem that the service answers with, or Unreachable."""
    ends_at = monotonic() + retry.deadline
    tried = 0
    was_sent = False
    while True:
        left = ends_at - monotonic()
        came = yield Send(request, max(left / 2 if tried < retry.retries else left, 0.001))
        error = _error(came)
        if error is None:
            assert isinstance(came, Answer)
            return came
        was_sent = was_sent or not isinstance(came, Failed) or came.was_sent
        if isinstance(error, Unreachable):
            error.was_sent = was_sent
        pause = retry.pause(tried, error)
        tried += 1
        if not may_help(error) or tried > retry.retries or monotonic() + pause >= ends_at:
            raise error
        yield Sleep(pause)


def _error(came: Answer | Failed | None) -> DrawdownError | None:
    if isinstance(came, Answer):
        return came.problem() if came.is_error() else None
    assert came is not None
    unreachable = Unreachable(f"Drawdown did not answer: {came.error!r}")
    unreachable.__cause__ = came.error
    return unreachable


def may_help(error: DrawdownError) -> bool:
    """To send it again."""
    return error.should_retry if isinstance(error, Problem) else True


DEFAULT: Final = Retry()
