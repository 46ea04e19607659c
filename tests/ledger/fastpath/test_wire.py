"""Statements on a connection that the event loop watches for good, beside a real server."""

import asyncio
from contextlib import asynccontextmanager

import psycopg
import pytest
import uvloop

from config.fastpath import database
from ledger.fastpath.wire import Wire

LENGTH = b"select length($1)"
SLEEP = b"select pg_sleep($1::float8)"
LARGER_THAN_A_SOCKETS_BUFFER = 32 * 2**20


@asynccontextmanager
async def wired():
    connection = await psycopg.AsyncConnection.connect(**database(), autocommit=True)
    wire = Wire(connection)
    try:
        yield connection, wire
    finally:
        wire.close()


async def hang_up_on(connection):
    async with await psycopg.AsyncConnection.connect(**database(), autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])


def run(work):
    async def main():
        async with wired() as (connection, wire):
            await work(connection, wire)

    uvloop.run(asyncio.wait_for(main(), timeout=20))


def test_a_statement_is_prepared_once_and_answered_each_time():
    async def work(connection, wire):
        for text in (b"a", b"", None, b"four"):
            result = await wire.run(LENGTH, [text])
            assert result.get_value(0, 0) == (None if text is None else b"%d" % len(text))
        result = await wire.run(b"select name from pg_prepared_statements", [])
        assert result.ntuples == 2

    run(work)


def test_what_fits_no_buffer_is_sent_by_and_by():
    async def work(connection, wire):
        result = await wire.run(LENGTH, [b"x" * LARGER_THAN_A_SOCKETS_BUFFER])
        assert int(result.get_value(0, 0)) == LARGER_THAN_A_SOCKETS_BUFFER
        result = await wire.run(b"select repeat('x', $1::int)", [b"%d" % 2**24])
        assert len(result.get_value(0, 0)) == 2**24

    run(work)


def test_what_fails_is_told_and_the_next_is_answered():
    async def work(connection, wire):
        with pytest.raises(psycopg.errors.SyntaxError):
            await wire.run(b"selekt", [])
        for _ in range(2):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await wire.run(b"select 1 / $1::int", [b"0"])
        await wire.run(b"set statement_timeout = 50", [])
        with pytest.raises(psycopg.errors.QueryCanceled):
            await wire.run(SLEEP, [b"10"])
        assert (await wire.run(LENGTH, [b"abc"])).get_value(0, 0) == b"3"

    run(work)


def test_words_of_the_server_between_statements_are_no_answer():
    async def work(connection, wire):
        await wire.run(b"listen between", [])
        async with await psycopg.AsyncConnection.connect(**database(), autocommit=True) as other:
            await other.execute("notify between")
        await asyncio.sleep(0.05)
        assert (await wire.run(LENGTH, [b"abc"])).get_value(0, 0) == b"3"

    run(work)


@pytest.mark.parametrize("is_idle", [True, False])
def test_a_lost_connection_is_known_at_once_and_watched_no_more(is_idle):
    async def work(connection, wire):
        waiting = None if is_idle else asyncio.create_task(wire.run(SLEEP, [b"10"]))
        await asyncio.sleep(0.05)
        await hang_up_on(connection)
        if waiting is not None:
            with pytest.raises(psycopg.OperationalError):
                await waiting
        while not connection.closed:
            await asyncio.sleep(0.01)
        with pytest.raises(psycopg.OperationalError):
            await wire.run(LENGTH, [b"abc"])

    run(work)


def test_an_answer_that_nobody_waits_for_any_more_is_not_the_next_ones():
    async def work(connection, wire):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wire.run(SLEEP, [b"0.2"]), timeout=0.05)
        assert connection.closed
        with pytest.raises(psycopg.OperationalError):
            await wire.run(LENGTH, [b"abc"])

    run(work)
