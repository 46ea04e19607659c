"""Trying again: twice at most, with full jitter, inside of a deadline, and only where the service
says that it may help. The idempotency key stays the same, so nothing is done twice. A try but the
last takes half of the time that is left at most, so that one that hangs leaves time for another."""

import random
from dataclasses import dataclass, replace
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


class Tries:
    """Of one call, which begins now."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._ends_at = monotonic() + retry.deadline
        self._tried = 0

    def left(self) -> float:
        """Seconds, for all tries that are to come."""
        return max(self._ends_at - monotonic(), 0.001)

    def timeout(self) -> float:
        """Seconds, for the one that begins now."""
        return self.left() / 2 if self._tried < self._retry.retries else self.left()

    def rest(self) -> Retry:
        """For who goes on with it elsewhere."""
        return replace(self._retry, retries=self._retry.retries - self._tried, deadline=self.left())

    def pause(self, error: DrawdownError) -> float:
        """Seconds until the next one. Raises the error where there is none."""
        pause = self._retry.pause(self._tried, error)
        self._tried += 1
        is_over = self._tried > self._retry.retries or monotonic() + pause >= self._ends_at
        if is_over or not may_help(error):
            raise error
        return pause


def call(request: Request, retry: Retry) -> Flow[Answer]:
    """Raises the Problem that the service answers with, or Unreachable."""
    tries = Tries(retry)
    was_sent = False
    while True:
        came = yield Send(request, tries.timeout())
        error = _error(came)
        if error is None:
            assert isinstance(came, Answer)
            return came
        was_sent = was_sent or not isinstance(came, Failed) or came.was_sent
        if isinstance(error, Unreachable):
            error.was_sent = was_sent
        yield Sleep(tries.pause(error))


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
