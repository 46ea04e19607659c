"""Statements on a connection that the event loop watches for good, beside a real server."""

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager

import psycopg
import pytest
import uvloop

from config.fastpath import database
from ledger.fastpath.wire import Wire

LENGTH = b"select length($1)"
SLEEP = b"select pg_sleep($1::float8)"
LONG = [b"1"]
LARGER_THAN_A_SOCKETS_BUFFER = 32 * 2**20


@asynccontextmanager
async def wired(patience):
    connection = await psycopg.AsyncConnection.connect(**database(), autocommit=True)
    wire = Wire(connection, patience=patience)
    server = connection.info.backend_pid
    try:
        yield connection, wire
    finally:
        wire.close()
        while tell("select from pg_stat_activity where pid = %s", server).rowcount:
            await asyncio.sleep(0.05)


def tell(statement, parameter):
    with psycopg.connect(**database(), autocommit=True) as other:
        return other.execute(statement, [parameter])


def hang_up_on(connection):
    tell("select pg_terminate_backend(%s)", connection.info.backend_pid)


def run(work, patience=15):
    async def main():
        async with wired(patience) as (connection, wire):
            await work(connection, wire)

    uvloop.run(asyncio.wait_for(main(), timeout=20))


def is_watched(descriptor):
    return asyncio.get_running_loop().remove_reader(descriptor)


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
            await wire.run(SLEEP, LONG)
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
        waiting = None if is_idle else asyncio.create_task(wire.run(SLEEP, LONG))
        await asyncio.sleep(0.05)
        hang_up_on(connection)
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


def test_who_waits_when_it_is_closed_is_told():
    async def work(connection, wire):
        waiting = asyncio.create_task(wire.run(SLEEP, LONG))
        await asyncio.sleep(0.05)
        wire.close()
        with pytest.raises(psycopg.OperationalError, match="closed"):
            await waiting

    run(work)


def test_who_is_not_answered_waits_no_longer_than_its_patience():
    async def work(connection, wire):
        with pytest.raises(psycopg.OperationalError, match=r"No answer within 0\.2 seconds"):
            await wire.run(SLEEP, LONG)
        assert connection.closed

    run(work, patience=0.2)


def test_one_statement_at_a_time():
    async def work(connection, wire):
        first = asyncio.create_task(wire.run(LENGTH, [b"abc"]))
        await asyncio.sleep(0)
        with pytest.raises(AssertionError):
            await wire.run(LENGTH, [b"abcd"])
        assert (await first).get_value(0, 0) == b"3"

    run(work)


def test_what_cannot_be_sent_leaves_no_socket_watched():
    """Its number is soon another's."""

    async def work(connection, wire):
        await wire.run(LENGTH, [b"abc"])
        descriptor = connection.fileno()
        hang_up_on(connection)
        # The loop does not hear of it meanwhile.
        time.sleep(0.3)
        with pytest.raises(psycopg.OperationalError):
            await wire.run(LENGTH, [b"x" * 2**20])
        assert connection.closed
        assert not is_watched(descriptor)

    run(work)


@pytest.mark.parametrize("length", [1, LARGER_THAN_A_SOCKETS_BUFFER])
def test_a_server_that_goes_without_reading_what_was_sent(length):
    """Its last words are there to be read, and behind them the end, of which no loop may tell."""
    if not str(database()["host"]).startswith("/"):
        pytest.skip("The server may run on another machine, where its processes have other numbers")

    async def work(connection, wire):
        await wire.run(LENGTH, [b"abc"])
        server = connection.info.backend_pid
        os.kill(server, signal.SIGSTOP)
        waiting = asyncio.create_task(wire.run(LENGTH, [b"x" * length]))
        await asyncio.sleep(0.05)
        os.kill(server, signal.SIGTERM)
        os.kill(server, signal.SIGCONT)
        time.sleep(0.2)
        with pytest.raises(psycopg.OperationalError):
            async with asyncio.timeout(5):
                await waiting
        assert connection.closed

    run(work)
