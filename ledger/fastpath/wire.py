"""Prepared statements on one connection, by libpq itself.

The event loop watches the socket once and for all. psycopg watches it anew for each wait and reads
it through generators: three quarters of this process's time for a lone call of the core.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult


class Wire:
    """One statement at a time, on a connection that nobody else uses from now on."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._server = connection.pgconn
        self._socket = self._server.socket
        self._names: dict[bytes, bytes] = {}
        self._result: PGresult | None = None
        self._answer: asyncio.Future[PGresult] | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    async def run(self, statement: bytes, parameters: Sequence[bytes | None]) -> PGresult:
        """Parameters and columns are text. Raises psycopg.Error."""
        name = self._names.get(statement)
        if name is None:
            name = b"statement_%d" % len(self._names)
            self._server.send_prepare(name, statement)
            await self._answered()
            self._names[statement] = name
        self._server.send_query_prepared(name, parameters)
        return await self._answered()

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._server.finish()

    async def _answered(self) -> PGresult:
        self._answer = self._loop.create_future()
        try:
            if self._server.flush():
                self._loop.add_writer(self._socket, self._write)
            result = await self._answer
        except asyncio.CancelledError:
            # What is under way would be read as the answer to the next statement.
            self.close()
            raise
        finally:
            self._answer = None
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        return result

    def _write(self) -> None:
        try:
            if not self._server.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self._lose(error)

    def _read(self) -> None:
        """Called when there is something to read, also when the server hangs up on an idle line."""
        try:
            self._server.consume_input()
            while self._answer and not self._answer.done() and not self._server.is_busy():
                self._take(self._server.get_result())
        except psycopg.OperationalError as error:
            self._lose(error)

    def _take(self, result: PGresult | None) -> None:
        """A statement's result, and then that there is no more of it."""
        if result is not None:
            self._result = result
        elif self._answer is not None and self._result is not None:
            self._answer.set_result(self._result)
            self._result = None

    def _lose(self, error: psycopg.OperationalError) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
