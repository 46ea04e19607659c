"""TigerBeetle beside us, for who has a binary of it and its Python client; we need neither.

A reservation is a pending transfer to the provider, its commit is what posts it.
"""

import asyncio
import os
import shutil
import subprocess
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import choice, choices
from subprocess import DEVNULL, PIPE
from typing import Any

from benchmarks.load import Load

client: Any = import_module("tigerbeetle") if find_spec("tigerbeetle") else None

DATA_FILE = "0_0.tigerbeetle"
CALLERS = 32
# Of one request, by the server's limit.
MOST = 8_000
# Accounts beside those of the customers, and the one ledger and code that all have.
PROVIDER, FUNDS = 1, 2
LEDGER = CODE = 1
EXPIRES_IN = 900
RESERVED, COMMITTED = 4_000_000, 3_000_000


def binary(text: str) -> str:
    """The path to one, from the command line. Raises ArgumentTypeError."""
    if client is None:
        raise ArgumentTypeError(
            "it needs TigerBeetle's Python client of the same version: pip install tigerbeetle"
        )
    found = shutil.which(text)
    if found is None:
        raise ArgumentTypeError(f"there is no program {text}")
    return os.path.abspath(found)


@contextmanager
def replica(binary: str, folder: Path) -> Iterator[str]:
    """The port of an empty one that is as durable as it is by default, with direct I/O."""
    folder.mkdir()
    options = ["--cluster=0", "--replica=0", "--replica-count=1"]
    command = [binary, "format", *options, DATA_FILE]
    subprocess.run(command, cwd=folder, check=True, stderr=DEVNULL)
    # With 0 it takes a free port, tells it, and ends as soon as its input does, as when we die.
    command = [binary, "start", "--addresses=0", DATA_FILE]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdin=PIPE, stdout=PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        if not port:
            raise RuntimeError(f"{binary} did not start:\n{(folder / 'log').read_text()}")
        yield port


def open_accounts(port: str, customers: Sequence[int], amount: int) -> None:
    """Each customer may spend `amount`, and never more."""
    bounded = client.AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS
    accounts = [client.Account(id=id, ledger=LEDGER, code=CODE) for id in (PROVIDER, FUNDS)]
    accounts += [client.Account(id=id, ledger=LEDGER, code=CODE, flags=bounded) for id in customers]
    grants = [_transfer(FUNDS, id, amount) for id in customers]
    with client.ClientSync(cluster_id=0, replica_addresses=port) as connection:
        for start in range(0, len(accounts), MOST):
            some = accounts[start : start + MOST]
            _check(some, connection.create_accounts(some))
        for start in range(0, len(grants), MOST):
            some = grants[start : start + MOST]
            _check(some, connection.create_transfers(some))


def run(port: str, customers: Sequence[int], size: int, seconds: float) -> Load:
    """A list of reservations and one of their commits in turn."""
    with client.ClientSync(cluster_id=0, replica_addresses=port) as connection:
        _pairs(connection, choices(customers, k=size))
        done, cpu = 0, time.process_time()
        start = now = time.perf_counter()
        while now - start < seconds:
            _pairs(connection, choices(customers, k=size))
            done += size
            now = time.perf_counter()
        return Load(done, now - start, time.process_time() - cpu)


def run_callers(port: str, customers: Sequence[int], seconds: float) -> Load:
    """Many callers in one process, whose client makes lists of what they ask at once."""
    return asyncio.run(_callers(port, customers, seconds))


def _pairs(connection: Any, customers: Sequence[int]) -> None:
    holds = [_hold(customer) for customer in customers]
    _check(holds, connection.create_transfers(holds))
    posts = [_post(hold) for hold in holds]
    _check(posts, connection.create_transfers(posts))


async def _callers(port: str, customers: Sequence[int], seconds: float) -> Load:
    async with client.ClientAsync(cluster_id=0, replica_addresses=port) as connection:
        cpu, start = time.process_time(), time.perf_counter()
        until = start + seconds
        callers = [_caller(connection, customers, until) for _ in range(CALLERS)]
        done = sum(await asyncio.gather(*callers))
        return Load(done, time.perf_counter() - start, time.process_time() - cpu)


async def _caller(connection: Any, customers: Sequence[int], until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        holds = [_hold(choice(customers))]
        _check(holds, await connection.create_transfers(holds))
        posts = [_post(hold) for hold in holds]
        _check(posts, await connection.create_transfers(posts))
        done += 1
    return done


def _hold(customer: int) -> Any:
    flags = client.TransferFlags.PENDING
    return _transfer(customer, PROVIDER, RESERVED, flags=flags, timeout=EXPIRES_IN)


def _post(hold: Any) -> Any:
    """What it does not say is as the pending transfer has it."""
    flags = client.TransferFlags.POST_PENDING_TRANSFER
    return client.Transfer(id=client.id(), pending_id=hold.id, amount=COMMITTED, flags=flags)


def _transfer(debit: int, credit: int, amount: int, **more: Any) -> Any:
    return client.Transfer(
        # Sorted by time like a UUIDv7.
        id=client.id(),
        debit_account_id=debit,
        credit_account_id=credit,
        amount=amount,
        ledger=LEDGER,
        code=CODE,
        **more,
    )


def _check(asked: Sequence[Any], results: Sequence[Any]) -> None:
    statuses = [result.status for result in results]
    # Accounts and transfers have the same number for it.
    if statuses != [client.CreateTransferStatus.CREATED] * len(asked):
        raise RuntimeError(f"TigerBeetle answered {len(asked)} with {set(statuses)}")
