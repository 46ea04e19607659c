"""Prepared statements on one connection, by libpq itself.

The event loop watches the socket once and for all. psycopg watches it anew for each wait and reads
it through generators: three quarters of this process's time for a lone call of the core.
"""

import asyncio
import select
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult


class Wire:
    """One statement at a time, on a connection that nobody else uses from now on. One that is not
    answered within `patience` seconds ends the connection: the server has stopped statements of its
    own accord long before."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], *, patience: float) -> None:
        self._patience = patience
        self._server = connection.pgconn
        self._socket = self._server.socket
        self._is_lost = False
        self._names: dict[bytes, bytes] = {}
        self._result: PGresult | None = None
        self._answer: asyncio.Future[PGresult] | None = None
        self._unread = select.poll()
        self._unread.register(self._socket, select.POLLIN)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    async def run(self, statement: bytes, parameters: Sequence[bytes | None]) -> PGresult:
        """Parameters and columns are text. Raises psycopg.Error."""
        name = self._names.get(statement)
        if name is None:
            name = b"statement_%d" % len(self._names)
            await self._ask(self._server.send_prepare, name, statement)
            self._names[statement] = name
        return await self._ask(self._server.send_query_prepared, name, parameters)

    def close(self) -> None:
        """Whoever waits for an answer is told."""
        self._lose(psycopg.OperationalError("The connection was closed."))

    async def _ask(self, send: Callable[..., None], *arguments: Any) -> PGresult:
        assert self._answer is None, "One statement at a time."
        self._answer = self._loop.create_future()
        timer = self._loop.call_later(self._patience, self._give_up)
        try:
            self._send(send, *arguments)
            result = await self._answer
        except asyncio.CancelledError:
            # What is under way would be read as the answer to the next statement.
            self.close()
            raise
        finally:
            timer.cancel()
            self._answer = None
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        return result

    def _send(self, send: Callable[..., None], *arguments: Any) -> None:
        try:
            send(*arguments)
            if self._server.flush():
                self._loop.add_writer(self._socket, self._write)
        except psycopg.OperationalError as error:
            self._lose(error)

    def _write(self) -> None:
        try:
            if not self._server.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self._lose(error)

    def _read(self) -> None:
        try:
            self._server.consume_input()
            self._take()
            # uvloop stops watching a socket that is broken, where more may still be unread.
            while not self._is_answered() and self._unread.poll(0):
                self._server.consume_input()
                self._take()
        except psycopg.OperationalError as error:
            self._lose(error)

    def _is_answered(self) -> bool:
        return self._answer is not None and self._answer.done()

    def _take(self) -> None:
        """A statement's result, and then that there is no more of it."""
        while self._answer and not self._answer.done() and not self._server.is_busy():
            result = self._server.get_result()
            if result is not None:
                self._result = result
            elif self._result is not None:
                self._answer.set_result(self._result)
                self._result = None
            else:
                raise psycopg.OperationalError("The server ended a statement without a result.")

    def _give_up(self) -> None:
        self._lose(psycopg.OperationalError(f"No answer within {self._patience:g} seconds."))

    def _lose(self, error: psycopg.OperationalError) -> None:
        if not self._is_lost:
            self._is_lost = True
            # Before anything else gets the number of a socket that libpq may have closed already.
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._server.finish()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
