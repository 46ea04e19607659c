"""What Northwind AI answers: `products.py` says what it sells, `guard.py` how that is paid."""

import asyncio
import logging
from collections.abc import Mapping

import httpx

from config.demo.northwind.guard import Call, Guard, Refused, Unreachable
from config.demo.northwind.products import Product, Products
from config.demo.northwind.tools import BadInput
from config.demo.northwind.web import (
    ClientGone,
    Receive,
    Reply,
    Scope,
    Send,
    TooLarge,
    problem,
    read_body,
    send_reply,
    while_connected,
)

logger = logging.getLogger(__name__)


class Northwind:
    def __init__(self, drawdown: httpx.AsyncClient) -> None:
        self._drawdown = drawdown
        self._guard = Guard(drawdown)
        self._products = Products()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                await send_reply(send, await self._answer_in_time(scope, receive))
            except ClientGone:
                return

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._drawdown.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer_in_time(self, scope: Scope, receive: Receive) -> Reply:
        """Raises ClientGone."""
        try:
            return await self._answer(scope, receive)
        except asyncio.CancelledError:
            # We are ended, and Drawdown may be so too: what is held expires by itself.
            return problem(503, "Northwind AI is closing; try again.")

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        """Raises ClientGone."""
        product = self._products.find(scope["path"])
        if product is None:
            return problem(404, "Northwind AI has nothing at this address.")
        if scope["method"] != "POST":
            return problem(405, "Everything here is asked for by POST.")
        api_key = _bearer(dict(scope["headers"]))
        if not api_key:
            return problem(401, "Send your API key: Authorization: Bearer ddk_...")
        try:
            return await self._sell(product, api_key, scope, receive)
        except TooLarge:
            return problem(413, "This is too large.")
        except BadInput as error:
            return problem(400, str(error))
        except Refused as refusal:
            return refusal.reply
        except Unreachable as error:
            logger.warning("No reservation for %s: %s", scope["path"], error)
            return problem(503, "Credits cannot be checked just now; try again.")

    async def _sell(self, product: Product, api_key: str, scope: Scope, receive: Receive) -> Reply:
        body = await read_body(receive)
        call = Call(api_key, scope["method"], scope["path"], product.estimate(body))
        return await self._guard.sell(call, lambda: while_connected(receive, product.work(body)))


def _bearer(headers: Mapping[bytes, bytes]) -> str:
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
