"""What is done by itself ends within some seconds, however much there is and whoever is away."""

from math import inf
from threading import TIMEOUT_MAX
from time import monotonic
from typing import Final, TypeVar

from drawdown.wire import Answer, Failed, Flow, Send, Sleep

CLOSE_SECONDS: Final = 5.0
Result = TypeVar("Result")


class Closing:
    """Of flows that are under way, and of those that follow."""

    def __init__(self) -> None:
        self._ends_at = inf

    def begin(self, seconds: float) -> None:
        self._ends_at = monotonic() + seconds

    def left(self) -> float:
        """Seconds, as long as one may wait for a lock at most."""
        return min(max(self._ends_at - monotonic(), 0.0), TIMEOUT_MAX)

    def bound(self, flow: Flow[Result]) -> Flow[Result]:
        """When the time is over nothing is sent any more, as if the service were out of reach."""
        came: Answer | Failed | None = None
        while True:
            try:
                step = flow.send(came)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            left = self.left()
            if isinstance(step, Sleep):
                came = yield Sleep(min(step.seconds, left))
            elif left:
                came = yield Send(step.request, min(step.timeout, left))
            else:
                came = Failed(TimeoutError("The time to close is over."))
