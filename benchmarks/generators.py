"""Who makes the load, and against what: a `Load` from a number of seconds."""

import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from multiprocessing import get_context
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from benchmarks import callers, events, leases, lists, pgbench, tigerbeetle, web
from benchmarks.callers import Target
from benchmarks.company import LOT_CREDITS, LOTS, MICRO, Company
from benchmarks.databases import CALIBRATION
from benchmarks.load import Load, together
from config.embedded import cluster
from config.embedded.place import Place
from config.processes import send_when_parent_dies

LIST_PROCESSES = 2


class Generators:
    """Processes and services are started when they are first needed and end with the stack."""

    def __init__(self, place: Place, company: Company, stack: ExitStack) -> None:
        self._place = place
        self._company = company
        self._stack = stack
        self._tigerbeetle = ""

    def start_tigerbeetle(self, binary: str) -> None:
        """Before our processes are, so that it ends after them: they would wait for answers."""
        folder = settings.STATE.path / "tigerbeetle"
        port = self._stack.enter_context(tigerbeetle.replica(binary, folder))
        everybody = self._numbers(range(len(self._company.customers)))
        tigerbeetle.open_accounts(port, everybody, LOTS * LOT_CREDITS * MICRO)
        self._tigerbeetle = port

    @property
    def has_tigerbeetle(self) -> bool:
        return bool(self._tigerbeetle)

    def calibration(self, seconds: float) -> Load:
        return pgbench.run(self._place, cluster.OWNER, CALIBRATION, seconds)

    def insert(self, seconds: float) -> Load:
        return self._script(seconds, "insert.sql")

    def single(self, seconds: float, customers: range) -> Load:
        return self._script(seconds, "pair.sql", first=customers.start + 1, last=customers.stop)

    def lists(self, seconds: float, size: int, customers: range) -> Load:
        conninfo = make_conninfo(
            host=str(self._place.sockets), user=cluster.APPLICATION, dbname=cluster.DATABASE
        )
        ids = [str(id) for id in self._company.customers[customers.start : customers.stop]]
        return self._in_processes(lists.run, conninfo, ids, size, seconds)

    def tigerbeetle(self, seconds: float, size: int, customers: range) -> Load:
        numbers = self._numbers(customers)
        return self._in_processes(tigerbeetle.run, self._tigerbeetle, numbers, size, seconds)

    def tigerbeetle_callers(self, seconds: float, customers: range) -> Load:
        arguments = (self._tigerbeetle, self._numbers(customers), seconds)
        return self._processes.submit(tigerbeetle.run_callers, *arguments).result()

    def drawdown(self, seconds: float, customers: range) -> Load:
        return self._call(self._drawdown, seconds, customers)

    def events(self, seconds: float, ids: events.Ids, customers: range) -> Load:
        target = self._fewer(self._drawdown, customers)
        return self._processes.submit(events.run, target, seconds, ids).result()

    def leases(self, seconds: float, customers: range) -> Load:
        target = self._fewer(self._drawdown, customers)
        return self._processes.submit(leases.run, target, seconds).result()

    def by_hand(self, seconds: float, customers: range) -> Load:
        return self._call(self._by_hand, seconds, customers)

    def _in_processes(self, run: Callable[..., Load], *arguments: Any) -> Load:
        runs = [self._processes.submit(run, *arguments) for _ in range(LIST_PROCESSES)]
        return together([run.result() for run in runs])

    def _numbers(self, customers: range) -> list[int]:
        return [id.int for id in self._company.customers[customers.start : customers.stop]]

    def _script(self, seconds: float, name: str, **variables: int) -> Load:
        options = pgbench.script(name, **variables)
        return pgbench.run(self._place, cluster.APPLICATION, cluster.DATABASE, seconds, *options)

    def _call(self, target: Target, seconds: float, customers: range) -> Load:
        return self._processes.submit(callers.run, self._fewer(target, customers), seconds).result()

    def _fewer(self, target: Target, customers: range) -> Target:
        return replace(target, customers=target.customers[customers.start : customers.stop])

    @cached_property
    def _processes(self) -> ProcessPoolExecutor:
        # Not forked: a child must not have our connections, nor Django in its memory.
        pool = ProcessPoolExecutor(
            LIST_PROCESSES,
            mp_context=get_context("spawn"),
            initializer=send_when_parent_dies,
            initargs=(signal.SIGKILL,),
        )
        return self._stack.enter_context(pool)

    @cached_property
    def _drawdown(self) -> Target:
        return web.start_drawdown(self._stack, self._company)

    @cached_property
    def _by_hand(self) -> Target:
        return web.start_by_hand(self._stack, self._place, self._company)
