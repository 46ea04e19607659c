"""Connections for what no debit waits for, to a server that says nothing any more."""

import asyncio
import os
import signal

import psycopg
import pytest

from config.fastpath import database
from ledger.fastpath.database import Line


def test_a_server_that_falls_silent_is_given_up_and_another_connection_made(monkeypatch):
    if not str(database()["host"]).startswith("/"):
        pytest.skip("The server may run on another machine, where its processes have other numbers")
    monkeypatch.setattr("ledger.fastpath.database.STATEMENT_SECONDS", 0)

    async def main():
        line = Line(database())
        ((server,),) = await line.rows("select pg_backend_pid()")
        os.kill(server, signal.SIGSTOP)
        try:
            first = asyncio.create_task(line.rows("select 1"))
            await asyncio.sleep(0.1)
            behind = asyncio.create_task(line.rows("select 2"))
            with pytest.raises(psycopg.OperationalError):
                await first
            with pytest.raises(psycopg.Error):
                await behind
            assert await line.rows("select pg_backend_pid() <> %s", [server]) == [(True,)]
        finally:
            os.kill(server, signal.SIGTERM)
            os.kill(server, signal.SIGCONT)
            await line.close()

    asyncio.run(asyncio.wait_for(main(), timeout=40))
