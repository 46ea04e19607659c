"""Calls Northwind AI at a human rate, and tops up who runs dry, as its owner would."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import httpx

from accounts.ids import uuid7
from config.demo.customers import Profile, Temper
from config.demo.traffic.habits import SHARE, Habits, Request

# Northwind is slower than its customers come: the next ones stay away.
AT_ONCE = 50
TOP_UP_SECONDS = (30, 90)
A_YEAR = timedelta(days=365)
TRIAL_CREDITS = 60
ANSWERS = {
    200,  # paid and done
    402,  # without credits
    403,  # a key that somebody revoked, a customer that somebody suspended
    422,  # bad input
    429,
    504,  # the failures that we ask for
}

logger = logging.getLogger(__name__)


class Caller(NamedTuple):
    profile: Profile
    id: str
    api_key: str


class Callers:
    def __init__(
        self,
        callers: Sequence[Caller],
        *,
        northwind: httpx.AsyncClient,
        drawdown: httpx.AsyncClient,
        chance: Random,
    ) -> None:
        self._callers = callers
        self._northwind, self._drawdown = northwind, drawdown
        self._chance = chance
        self._habits = Habits(chance)
        self._running: set[asyncio.Task[None]] = set()
        self._topping_up: set[str] = set()

    async def run(self, calls_per_second: float) -> None:
        shares = [SHARE[caller.profile.temper] for caller in self._callers]
        while True:
            (caller,) = self._chance.choices(self._callers, shares)
            requests = self._habits.visit(caller.profile)
            if len(self._running) + len(requests) <= AT_ONCE:
                for request in requests:
                    self._start(self._call(caller, request))
            await asyncio.sleep(len(requests) * self._chance.expovariate(calls_per_second))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._carefully(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _carefully(self, work: Coroutine[Any, Any, None]) -> None:
        """One call that fails is no reason to stop calling."""
        try:
            await work
        except TimeoutError:
            pass  # the client hung up, as it meant to
        except httpx.TransportError as error:
            logger.warning("A call was not answered: %r", error)
        except Exception:
            logger.exception("A call failed.")

    async def _call(self, caller: Caller, request: Request) -> None:
        headers = {"Authorization": f"Bearer {caller.api_key}"}
        async with asyncio.timeout(request.patience):
            response = await self._northwind.post(
                request.path, content=request.content, headers=headers
            )
        if response.status_code not in ANSWERS:
            logger.warning("%s answered %s", request.path, response.text)
        elif response.status_code == 402 and caller.id not in self._topping_up:
            self._topping_up.add(caller.id)
            self._start(self._top_up(caller))

    async def _top_up(self, caller: Caller) -> None:
        try:
            await asyncio.sleep(self._chance.uniform(*TOP_UP_SECONDS))
            response = await self._drawdown.post(
                f"customers/{caller.id}/grants",
                json=_grant(caller.profile),
                headers={"Idempotency-Key": str(uuid7())},
            )
            response.raise_for_status()
        finally:
            self._topping_up.discard(caller.id)


def _grant(profile: Profile) -> dict[str, Any]:
    if profile.temper is Temper.RUNNING_DRY:
        return {"amount": str(TRIAL_CREDITS), "kind": "goodwill", "reason": "A longer trial"}
    return {
        "amount": str(profile.pack.credits),
        "kind": "paid",
        "price": {
            "amount": f"{profile.pack.cents // 100}.{profile.pack.cents % 100:02}",
            "currency": "USD",
        },
        "expires_at": (datetime.now(UTC) + A_YEAR).isoformat(),
    }
