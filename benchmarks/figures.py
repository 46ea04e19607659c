"""What is measured. Each figure is taken once in every round, in this order."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from benchmarks.callers import CONNECTIONS
from benchmarks.company import ARMED, CAPPED, CUSTOMERS, KEYED
from benchmarks.databases import CALIBRATION
from benchmarks.events import CONNECTIONS as REPORTERS
from benchmarks.events import SIZE
from benchmarks.generators import Generators
from benchmarks.load import Load
from benchmarks.pgbench import CLIENTS
from benchmarks.tigerbeetle import CALLERS

MANY = range(CUSTOMERS)
HOT = range(1)
SOME = range(100)


class Figure(NamedTuple):
    name: str
    title: str
    take: Callable[[float], Load]


def figures(by: Generators) -> list[Figure]:
    single = f"pairs, single calls, {CLIENTS} clients"
    http = f"requests, HTTP, {CONNECTIONS} connections"
    events = f"usage events, lists of {SIZE}, {REPORTERS} connections"
    leases = "calls, leases, one client process"
    by_hand = f"requests, by hand, {CONNECTIONS} connections"
    return [
        Figure(CALIBRATION, f"pgbench TPC-B, {CLIENTS} clients", by.calibration),
        Figure("insert", f"bare durable inserts, {CLIENTS} clients", by.insert),
        *_many_and_hot("single", single, by.single),
        _armed("single", single, by.single),
        _capped("single", single, by.single),
        _keyed("single", single, by.single),
        *_many_and_hot("lists-10", "pairs, lists of 10", partial(by.lists, size=10)),
        *_many_and_hot("lists-100", "pairs, lists of 100", partial(by.lists, size=100)),
        *_many_and_hot("lists-1000", "pairs, lists of 1,000", partial(by.lists, size=1000)),
        _armed("lists-100", "pairs, lists of 100", partial(by.lists, size=100)),
        _capped("lists-100", "pairs, lists of 100", partial(by.lists, size=100)),
        _keyed("lists-100", "pairs, lists of 100", partial(by.lists, size=100)),
        *(_tigerbeetle(by) if by.has_tigerbeetle else []),
        *_many_and_hot("http", http, by.drawdown),
        _armed("http", http, by.drawdown),
        *_many_and_hot("events", f"{events}, UUIDv7 ids", partial(by.events, ids="uuid7")),
        *_many_and_hot("events-text", f"{events}, other ids", partial(by.events, ids="text")),
        _capped("http", http, by.drawdown),
        Figure("leases-hot", f"{leases}, one customer", partial(by.leases, customers=HOT)),
        Figure("leases-some", f"{leases}, 100 customers", partial(by.leases, customers=SOME)),
        *_many_and_hot("by-hand", by_hand, by.by_hand),
    ]


def _many_and_hot(name: str, title: str, take: Callable[..., Load]) -> list[Figure]:
    return [
        Figure(f"{name}-many", f"{title}, many customers", partial(take, customers=MANY)),
        Figure(f"{name}-hot", f"{title}, one hot customer", partial(take, customers=HOT)),
    ]


def _tigerbeetle(by: Generators) -> list[Figure]:
    lists = [
        figure
        for size in (10, 100, 1000)
        for figure in _many_and_hot(
            f"tigerbeetle-{size}",
            f"pairs, TigerBeetle, lists of {size:,}",
            partial(by.tigerbeetle, size=size),
        )
    ]
    title = f"pairs, TigerBeetle, {CALLERS} asynchronous callers"
    return [*lists, *_many_and_hot("tigerbeetle-callers", title, by.tigerbeetle_callers)]


def _armed(name: str, title: str, take: Callable[..., Load]) -> Figure:
    title = f"{title}, many customers with all alerts armed"
    return Figure(f"{name}-armed", title, partial(take, customers=ARMED))


def _capped(name: str, title: str, take: Callable[..., Load]) -> Figure:
    title = f"{title}, many customers with a cap of the day"
    return Figure(f"{name}-capped", title, partial(take, customers=CAPPED))


def _keyed(name: str, title: str, take: Callable[..., Load]) -> Figure:
    title = f"{title}, many customers whose keys have a cap of the month"
    return Figure(f"{name}-keyed", title, partial(take, customers=KEYED))
