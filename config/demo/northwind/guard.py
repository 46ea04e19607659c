"""How every call is paid: key -> reserve -> work -> commit or release, over HTTP.

Nothing is given away: a call that cannot be reserved is not answered. Nothing is charged for what
the customer did not get: bad input and our own failures cost nothing, and who hangs up gets the
credits back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx

from accounts.ids import uuid7
from config.demo.northwind.tools import BadInput
from config.demo.northwind.web import ClientGone, Reply, json_reply, problem

# The refusals that are the customer's to solve; others are Northwind's own trouble.
FOR_THE_CUSTOMER = (402, 403, 429)
PASSED_ON = ("content-type", "retry-after", "ratelimit", "ratelimit-policy", "x-request-id")
TRIES = 3
PAUSE_SECONDS = 0.2

logger = logging.getLogger(__name__)


class Call(NamedTuple):
    """What a customer asks for; `quantity` is the most that it may come to."""

    api_key: str
    method: str
    path: str
    quantity: dict[str, int] | None


class Done(NamedTuple):
    """What the work came to; `quantity` as it really was."""

    body: object
    quantity: dict[str, int] | None = None


Work = Callable[[], Awaitable[Done]]


class Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Unreachable(Exception):
    """Drawdown does not answer, or not as it should."""


class Guard:
    def __init__(self, drawdown: httpx.AsyncClient) -> None:
        """`drawdown` has the address and the service key."""
        self._drawdown = drawdown

    async def sell(self, call: Call, work: Work) -> Reply:
        """The reply to a paid call. Raises Refused, Unreachable, ClientGone."""
        hold = await self._reserve(call)
        try:
            done = await work()
        except ClientGone:
            await self._settle(hold, "release", {})
            raise
        except BadInput as error:
            await self._settle(hold, "commit", {"outcome": "client_error"})
            return problem(422, str(error))
        except TimeoutError:
            await self._settle(hold, "commit", {"outcome": "server_error"})
            return problem(504, "This took too long; nothing was charged.")
        except Exception:
            logger.exception("%s %s failed.", call.method, call.path)
            await self._settle(hold, "commit", {"outcome": "server_error"})
            return problem(500, "This failed; nothing was charged.")
        await self._settle(hold, "commit", _used(done))
        return json_reply(200, done.body)

    async def _reserve(self, call: Call) -> str:
        body = {"api_key": call.api_key, "method": call.method, "path": call.path}
        response = await self._post("reservations", body | _quantity(call.quantity))
        if response.status_code in FOR_THE_CUSTOMER:
            passed_on = {
                name: response.headers[name] for name in PASSED_ON if name in response.headers
            }
            raise Refused(Reply(response.status_code, response.content, passed_on))
        if response.is_error:
            raise Unreachable(response.text)
        hold: str = response.json()["id"]
        return hold

    async def _settle(self, hold: str, verb: str, body: dict[str, Any]) -> None:
        """The work is done: if this fails the customer is answered all the same, and the hold
        expires by itself."""
        try:
            response = await self._post(f"reservations/{hold}/{verb}", body)
        except Unreachable as error:
            logger.warning("The %s of %s was not answered: %s", verb, hold, error)
            return
        if response.is_error:
            logger.error("The %s of %s was refused: %s", verb, hold, response.text)

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Under one idempotency key, so that trying again does nothing twice."""
        headers = {"Idempotency-Key": str(uuid7())}
        for attempt in range(TRIES):
            await asyncio.sleep(PAUSE_SECONDS * attempt)
            try:
                response = await self._drawdown.post(path, json=body, headers=headers)
            except httpx.TransportError as error:
                failure = repr(error)
            else:
                if not response.is_server_error:
                    return response
                failure = response.text
        raise Unreachable(failure)


def _used(done: Done) -> dict[str, Any]:
    return {"outcome": "success"} | _quantity(done.quantity)


def _quantity(quantity: dict[str, int] | None) -> dict[str, Any]:
    return {"quantity": quantity} if quantity else {}
