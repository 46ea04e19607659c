"""Who makes the load, and against what: a `Load` from a number of seconds."""

import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from multiprocessing import get_context
from random import choices
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from benchmarks import callers, flushes, leases, lists, pgbench, posting, tigerbeetle, web
from benchmarks.batches import Batches
from benchmarks.callers import AS_FAST_AS_IT_ANSWERS, Target, Way
from benchmarks.company import LOT_CREDITS, LOTS, MICRO, Company
from benchmarks.databases import CALIBRATION
from benchmarks.events import CONNECTIONS as REPORTERS
from benchmarks.events import Events, Ids
from benchmarks.load import Load, together
from benchmarks.pgbench import CLIENTS
from config.embedded import cluster
from config.embedded.place import Place
from config.processes import send_when_parent_dies

LIST_PROCESSES = 2
ZIPF_CALLERS = 100_000


class Generators:
    """Processes and services are started when they are first needed and end with the stack."""

    def __init__(self, place: Place, company: Company, stack: ExitStack) -> None:
        self._place = place
        self._company = company
        self._stack = stack
        self._highest = 0.0  # requests per second over HTTP
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

    def flush(self, seconds: float) -> Load:
        return flushes.run(self._place.home, seconds)

    def insert(self, seconds: float, clients: int) -> Load:
        return self._script(seconds, "insert.sql", clients)

    def single(self, seconds: float, customers: range, clients: int = CLIENTS) -> Load:
        first, last = customers.start + 1, customers.stop
        return self._script(seconds, "pair.sql", clients, first=first, last=last)

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

    def http(self, seconds: float, customers: range, way: Way = AS_FAST_AS_IT_ANSWERS) -> Load:
        load = self._call(self._fewer(self._drawdown, customers), seconds, way)
        self._highest = max(self._highest, load.operations / load.seconds)
        return load

    def http_zipf(self, seconds: float, customers: range) -> Load:
        """Few of them make most calls: the n-th one n-th as many as the first."""
        some = self._fewer(self._drawdown, customers)
        weights = [1 / n for n in range(1, len(some.customers) + 1)]
        callers = choices(some.customers, weights, k=ZIPF_CALLERS)
        return self._call(replace(some, customers=callers), seconds)

    def http_half(self, seconds: float, customers: range, *, nonsense: bool) -> Load:
        """At half of the highest rate so far."""
        if not self._highest:
            self.http(seconds, customers)
        return self.http(seconds, customers, Way(rate=self._highest / 2, nonsense=nonsense))

    def plain(self, seconds: float, customers: range, way: Way) -> Load:
        return self._call(self._fewer(self._plain, customers), seconds, way)

    def batches(self, seconds: float, customers: range, size: int, connections: int) -> Load:
        target = self._fewer(self._drawdown, customers)
        return self._post(target, seconds, connections, partial(Batches, size=size))

    def events(self, seconds: float, ids: Ids, customers: range) -> Load:
        target = self._fewer(self._drawdown, customers)
        return self._post(target, seconds, REPORTERS, partial(Events, ids=ids))

    def leases(self, seconds: float, customers: range) -> Load:
        target = self._fewer(self._drawdown, customers)
        return self._processes.submit(leases.run, target, seconds).result()

    def by_hand(self, seconds: float, customers: range) -> Load:
        return self._call(self._fewer(self._by_hand, customers), seconds)

    def _in_processes(self, run: Callable[..., Load], *arguments: Any) -> Load:
        runs = [self._processes.submit(run, *arguments) for _ in range(LIST_PROCESSES)]
        return together([run.result() for run in runs])

    def _numbers(self, customers: range) -> list[int]:
        return [id.int for id in self._company.customers[customers.start : customers.stop]]

    def _script(self, seconds: float, name: str, clients: int, **variables: int) -> Load:
        options = pgbench.script(name, **variables)
        application, database = cluster.APPLICATION, cluster.DATABASE
        return pgbench.run(self._place, application, database, seconds, *options, clients=clients)

    def _call(self, target: Target, seconds: float, way: Way = AS_FAST_AS_IT_ANSWERS) -> Load:
        return self._processes.submit(callers.run, target, seconds, way).result()

    def _post(
        self,
        target: Target,
        seconds: float,
        connections: int,
        made: Callable[[Target], posting.Lists],
    ) -> Load:
        return self._processes.submit(posting.run, target, seconds, connections, made).result()

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
    def _plain(self) -> Target:
        return web.start_plain(self._stack, self._place, self._company)

    @cached_property
    def _by_hand(self) -> Target:
        return web.start_by_hand(self._stack, self._place, self._company)
