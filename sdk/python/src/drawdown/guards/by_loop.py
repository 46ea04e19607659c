"""What belongs to an event loop, in code that runs under one after another."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closed(Protocol):
    async def aclose(self) -> None: ...


Made = TypeVar("Made", bound=Closed)


class ByLoop(Generic[Made]):
    """Makes one for each event loop that calls, and closes it when that loop ends. Those of loops
    that are closed are forgotten."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, tuple[Made, asyncio.Task[None]]] = {}

    def __call__(self) -> Made:
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            for closed in [each for each in list(self._made) if each.is_closed()]:
                self._made.pop(closed, None)
            made = self._make()
            self._made[loop] = made, loop.create_task(_close_at_the_end(made))
        return self._made[loop][0]


async def _close_at_the_end(made: Closed) -> None:
    """Loops cancel their tasks when they end, and wait for them, as `asyncio.run` does."""
    try:
        await asyncio.Event().wait()
    finally:
        await made.aclose()
