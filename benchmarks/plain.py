"""The least that answers the same requests: one plain SQL call each, behind the same server as
Drawdown: `python -m benchmarks.plain DESCRIPTOR`. It knows no keys, prices or problems.

One typed operation a call, as ledger_operation has its fields.
"""

import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
import uvicorn
from psycopg_pool import AsyncConnectionPool

from benchmarks.keys import new_key
from config.protocol import Protocol

CONNINFO: Final = "BENCH_PLAIN_CONNINFO"
CONNECTIONS: Final = 8
PATH: Final = "/v1/reservations"
_RESERVE: Final = (
    "select (ledger_apply(row('reserve', %s, %s, true, 1, null, 4000000, 900, 'reject', null, null,"
    " 1, null, 1, null, null, null, null, null, null, null, null, null)::ledger_operation)).code"
)
_COMMIT: Final = (
    "select (ledger_apply(row('commit', %s, %s, true, 1, %s, 3000000, null, null, null, null,"
    " null, null, 1, null, null, null, null, null, null, null, null, null)::ledger_operation)).code"
)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Reserve(msgspec.Struct):
    customer: str
    endpoint: str


class Plain:
    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        status, answer = await self._answer(scope["path"], (await receive())["body"])
        content = msgspec.json.encode(answer)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, path: str, body: bytes) -> tuple[int, dict[str, str]]:
        if not path.startswith(PATH):
            return 200, {}
        if path == PATH:
            return await self._reserve(body)
        return await self._commit(path.removeprefix(f"{PATH}/"))

    async def _reserve(self, body: bytes) -> tuple[int, dict[str, str]]:
        customer = UUID(msgspec.json.decode(body, type=Reserve).customer.removeprefix("cus_"))
        key = UUID(new_key())
        code = await self._do(_RESERVE, [customer, key])
        return (201 if code == "ok" else 402), {"id": f"rsv_{customer.hex}{key.hex}"}

    async def _commit(self, path: str) -> tuple[int, dict[str, str]]:
        name = path.removeprefix("rsv_").removesuffix("/commit")
        customer, reservation = UUID(name[:32]), UUID(name[32:])
        code = await self._do(_COMMIT, [customer, UUID(new_key()), reservation])
        return (200 if code == "ok" else 409), {"id": f"rsv_{name}"}

    async def _do(self, statement: str, parameters: list[UUID]) -> str:
        pool = await self._opened()
        async with pool.connection() as connection:
            cursor = await connection.execute(statement, parameters, prepare=True)
            (row,) = await cursor.fetchall()
        return str(row[0])

    async def _opened(self) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                os.environ[CONNINFO],
                min_size=CONNECTIONS,
                kwargs={"autocommit": True},
                open=False,
            )
            await self._pool.open()
        return self._pool


def main() -> None:
    config = uvicorn.Config(
        Plain(), loop="uvloop", http=Protocol, lifespan="off", log_level="warning", access_log=False
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
