"""Reserves whose answer nobody got. They may hold credits for as long as a hold lasts, so they are
sent again aside, under the same key, and what they hold is released."""

import logging
import threading
from collections.abc import Sequence
from itertools import islice
from time import monotonic
from typing import Final

from drawdown import flows, operations
from drawdown.aiolists import LIST_MAX
from drawdown.answers import Reservation
from drawdown.errors import Problem, ServerProblem, TooManyRequests, Unreachable
from drawdown.holding import LENGTH
from drawdown.operations import Operation
from drawdown.retrying import Retry, may_help
from drawdown.wire import Flow

FIRST_PAUSE: Final = 1.0  # seconds, and twice as many after each try that came to nothing
_LONGEST_PAUSE: Final = 30.0
_MOST: Final = 10_000
# Nobody waits for it, and the service may be slow: that is why it is here.
PATIENT: Final = Retry(retries=0, deadline=30.0)
logger = logging.getLogger("drawdown")


def may_be_held(error: BaseException) -> bool:
    """Whether a reserve that ended like this may hold credits all the same."""
    if isinstance(error, Unreachable):
        return error.was_sent
    if isinstance(error, Problem):
        # What stands before the service answers in its place, and the service itself where it lost
        # its database in the middle.
        return isinstance(error, ServerProblem)
    return not isinstance(error, TypeError | ValueError)  # that no request can be made of


class Unwanted:
    """Until they are released, or what they held has expired by itself. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, tuple[Operation, float]] = {}
        self._pause = FIRST_PAUSE
        self._is_worked_on = False

    def put(self, operation: Operation) -> bool:
        """Whether somebody is to begin, who calls `release` until there is no `next_pause`."""
        if operation.has_own_key:
            return False
        length = operation.fields.get("expires_in", LENGTH.total_seconds())
        with self._lock:
            if len(self._until) < _MOST:
                self._until[operation.key] = operation, monotonic() + length
            begins, self._is_worked_on = not self._is_worked_on, True
            return begins

    def __bool__(self) -> bool:
        return bool(self._until)

    def next_pause(self) -> float | None:
        """Seconds. None: nothing waits any more."""
        with self._lock:
            self._is_worked_on = bool(self._until)
            return self._pause if self._until else None

    def release(self, retry: Retry = PATIENT) -> Flow[None]:
        """Once for all that wait. Raises nothing."""
        with self._lock:
            wanted = [operation for operation, _ in islice(self._until.values(), LIST_MAX)]
        ended: list[Operation] = []
        try:
            ended = yield from _release(wanted, retry)
        except Exception as error:
            logger.info("Holds that nobody wants are released later: %s", error)
        came_to_nothing = len(ended) < len(wanted)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE) if came_to_nothing else FIRST_PAUSE
        self._forget(ended)

    def release_all(self, retry: Retry) -> Flow[None]:
        """As many at a time as a list takes, while that helps. Raises nothing."""
        left = len(self._until) + 1
        while 0 < len(self._until) < left:
            left = len(self._until)
            yield from self.release(retry)

    def _forget(self, ended: Sequence[Operation]) -> None:
        now = monotonic()
        with self._lock:
            for operation in ended:
                self._until.pop(operation.key, None)
            for key in [key for key, (_, until) in self._until.items() if until < now]:
                del self._until[key]


def _release(wanted: Sequence[Operation], retry: Retry) -> Flow[list[Operation]]:
    """Those that are over: released, or they hold nothing. Raises DrawdownError."""
    if not wanted:
        return []
    answers = yield from _list(wanted, retry)
    held = {
        operation.key: operations.release(answer.id)
        for operation, answer in zip(wanted, answers, strict=True)
        if isinstance(answer, Reservation)
    }
    released = (yield from _list(list(held.values()), retry)) if held else []
    ends = dict(zip(held, released, strict=True))
    return [
        operation
        for operation, answer in zip(wanted, answers, strict=True)
        if _is_over(ends.get(operation.key, answer))
    ]


def _list(made: Sequence[Operation], retry: Retry) -> Flow[list[Reservation | Problem]]:
    return flows.operate_list([operation.item() for operation in made], retry)


def _is_over(answer: Reservation | Problem) -> bool:
    """A limit is not asked about what was done before: what it refuses holds nothing."""
    if isinstance(answer, Reservation | TooManyRequests):
        return True
    return not may_help(answer)
