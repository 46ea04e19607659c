"""The fast path's own connections to the database."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.types.string import TextLoader

from ledger.fastpath.wire import Wire
from ledger.operations import Operation

CONNECT_SECONDS = 3
# Something is wrong when a call of the core takes this long; its operations are tried again alone.
STATEMENT_SECONDS = 5
# For so long a lost connection is made anew before the caller is told.
PATIENCE_SECONDS = 3
RETRY_SECONDS = 0.05

_LEFT_AS_TEXT = ("uuid", "bool", "int4", "int8", "jsonb", "timestamptz")

_APPLY = b"select * from ledger_apply($1::json, $2)"
_OPEN_WALLETS = b"select ledger_open_wallets($1::uuid[])"

_encode = msgspec.json.Encoder().encode


class Row(NamedTuple):
    """`ledger_result` as PostgreSQL writes it: most of it goes on into the answer as it stands."""

    ord: str
    code: str
    replayed: str
    customer_id: str
    reservation_id: str | None
    price_id: str | None
    state: str | None
    amount: str | None
    committed: str | None
    released: str | None
    uncollected: str | None
    lots: str | None
    lot_amounts: str | None
    quantities: str | None
    transaction_id: str | None
    lot_id: str | None
    expires_at: str | None
    available: str | None
    held: str | None
    frozen: str | None
    required: str | None
    reversed: str | None
    credit_limit: str | None
    told: str | None
    limits: str | None


@asynccontextmanager
async def _answered_within(seconds: float) -> AsyncIterator[None]:
    """A server that is gone without a word would be waited for until TCP gives up. psycopg ends a
    connection on which not even a cancellation is answered. Raises psycopg.OperationalError."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise psycopg.OperationalError("The database does not answer.") from None


class Reconnecting:
    """One connection, made when it is needed and again when it broke."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = dict(parameters)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._connecting = asyncio.Lock()

    @property
    def is_lost(self) -> bool:
        return self._connection is None or self._connection.closed

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            **{**self._parameters, "connect_timeout": CONNECT_SECONDS, "autocommit": True}
        )
        async with _answered_within(CONNECT_SECONDS):
            await connection.execute("set timezone to 'UTC'; set datestyle to 'ISO'")
            await connection.execute(f"set statement_timeout to '{STATEMENT_SECONDS}s'")
        return connection


class Line(Reconnecting):
    """For what no debit waits for."""

    async def rows(self, query: str, parameters: abc.Params | None = None) -> list[tuple[Any, ...]]:
        """Raises psycopg.Error; the line `is_lost` if that ended the connection."""
        connection = await self._connected()
        async with _answered_within(STATEMENT_SECONDS + 1):
            cursor = await connection.execute(query, parameters, prepare=True)
            return await cursor.fetchall() if cursor.description else []

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class CoreLine(Reconnecting):
    """To the core, for one borrower at a time."""

    _wire: Wire
    _columns: abc.Transformer
    _is_closed = False

    async def apply(self, operations: Sequence[Operation], *, wait: bool) -> list[Row]:
        """One call, one database transaction: durable when it returns.

        When the connection is lost, nobody knows whether it took effect. It is sent again: each
        operation has a key, so that it happens once. Raises psycopg.Error.
        """
        deadline, pause = monotonic() + PATIENCE_SECONDS, 0.0
        parameters = (_encode(operations), b"t" if wait else b"f")
        while True:
            try:
                rows = await self._rows(_APPLY, parameters)
            except psycopg.Error:
                if not self.is_lost or self._is_closed or monotonic() > deadline:
                    raise
            else:
                assert len(rows) == len(operations)
                return rows
            await asyncio.sleep(pause)
            pause = RETRY_SECONDS

    async def open_wallets(self, customers: Sequence[UUID]) -> None:
        await self._connected()
        await self._wire.run(_OPEN_WALLETS, [f"{{{','.join(map(str, customers))}}}".encode()])

    async def close(self) -> None:
        self._is_closed = True
        if not self.is_lost:
            self._wire.close()

    async def _rows(self, statement: bytes, parameters: Sequence[bytes]) -> list[Row]:
        await self._connected()
        result = await self._wire.run(statement, parameters)
        self._columns.set_pgresult(result)
        return self._columns.load_rows(0, result.ntuples, Row._make)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await super()._connect()
        for name in _LEFT_AS_TEXT:
            kind = connection.adapters.types[name]
            connection.adapters.register_loader(kind.oid, TextLoader)
            connection.adapters.register_loader(kind.array_oid, TextLoader)
        self._columns = Transformer(connection)
        self._wire = Wire(connection, patience=STATEMENT_SECONDS + 1)
        return connection


class Lines:
    """A few lines to the core, lent to one borrower each."""

    def __init__(self, parameters: Mapping[str, Any], *, size: int) -> None:
        self._lines = [CoreLine(parameters) for _ in range(size)]
        self._free: asyncio.LifoQueue[CoreLine] = asyncio.LifoQueue()
        for line in self._lines:
            self._free.put_nowait(line)

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[CoreLine]:
        line = await self._free.get()
        try:
            yield line
        finally:
            self._free.put_nowait(line)

    async def close(self) -> None:
        for line in self._lines:
            await line.close()
