"""What is measured. Each figure is taken once in every round, in this order."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.callers import CONNECTIONS, Way
from benchmarks.company import ARMED, CAPPED, CUSTOMERS, HALF_BROKE, KEYED
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
KINDS = {
    "many": (MANY, "many customers"),
    "hot": (HOT, "one hot customer"),
    "armed": (ARMED, "customers with all alerts armed"),
    "capped": (CAPPED, "customers with a cap of the day"),
    "keyed": (KEYED, "customers whose keys have a cap of the month"),
}
# Taken again where there is no history yet, if some is filled in.
YOUNG = ("single-many", "lists-100-many", "http-many")


class Figure(NamedTuple):
    name: str
    title: str
    take: Callable[[float], Load]


def figures(by: Generators) -> list[Figure]:
    beetle = _tigerbeetle(by) if by.has_tigerbeetle else ()
    own = (*_limits(by), *_database(by), *_http(by), *_lists_over_http(by))
    return [*own, *_beside(by), *beetle]


def _limits(by: Generators) -> Iterator[Figure]:
    yield Figure(CALIBRATION, f"pgbench TPC-B, {CLIENTS} clients", by.calibration)
    yield Figure("flush", "a page made durable, over and over", by.flush)
    for clients in (1, CLIENTS, 32):
        title = f"bare durable inserts, {_clients(clients)}"
        yield Figure(f"insert-{clients}", title, partial(by.insert, clients=clients))


def _database(by: Generators) -> Iterator[Figure]:
    for clients in (1, 32):
        title = f"pairs, single calls, {_clients(clients)}, many customers"
        take = partial(by.single, clients=clients, customers=MANY)
        yield Figure(f"single-{clients}-many", title, take)
    yield from _of_kinds("single", f"pairs, single calls, {_clients(CLIENTS)}", by.single, *KINDS)
    for size, kinds in ((10, ("many", "hot")), (100, tuple(KINDS)), (1000, ("many", "hot"))):
        title = f"pairs, lists of {size:,}"
        yield from _of_kinds(f"lists-{size}", title, partial(by.lists, size=size), *kinds)


def _http(by: Generators) -> Iterator[Figure]:
    for connections in (1, 32, 256):
        take = partial(by.http, way=Way(connections), customers=MANY)
        title = f"requests, HTTP, {_connections(connections)}, many customers"
        yield Figure(f"http-{connections}-many", title, take)
    alone = partial(by.plain, way=Way(1), customers=MANY)
    yield Figure("plain-1-many", "requests, one plain SQL call each, one connection", alone)
    title = f"requests, HTTP, {_connections(CONNECTIONS)}"
    yield from _of_kinds("http", title, by.http, "many", "hot", "armed", "capped")
    yield Figure("http-zipf", f"{title}, by Zipf's law", partial(by.http_zipf, customers=MANY))
    broke = partial(by.http, way=Way(broke=True), customers=HALF_BROKE)
    yield Figure("http-broke", f"{title}, half of the customers broke", broke)
    half = partial(by.http_half, customers=MANY)
    title = f"requests, HTTP, {_connections(CONNECTIONS)}, at half of the highest rate"
    yield Figure("half", title, partial(half, nonsense=False))
    yield Figure("half-nonsense", f"{title}, refused at once", partial(half, nonsense=True))


def _lists_over_http(by: Generators) -> Iterator[Figure]:
    for size, connections in ((100, 8), (1000, 4)):
        take = partial(by.batches, size=size, connections=connections)
        title = f"operations, /v1/batch of {size:,}, {_connections(connections)}"
        yield from _of_kinds(f"batch-{size}", title, take, "many", "hot")
    title = f"usage events, lists of {SIZE:,}, {_connections(REPORTERS)}"
    take = partial(by.events, ids="uuid7")
    yield from _of_kinds("events", f"{title}, UUIDv7 ids", take, "many", "hot")
    take = partial(by.events, ids="text")
    yield from _of_kinds("events-text", f"{title}, other ids", take, "many", "hot")


def _beside(by: Generators) -> Iterator[Figure]:
    leases = "calls, leases, one client process"
    yield Figure("leases-hot", f"{leases}, one customer", partial(by.leases, customers=HOT))
    yield Figure("leases-some", f"{leases}, 100 customers", partial(by.leases, customers=SOME))
    title = f"requests, by hand, {_connections(CONNECTIONS)}"
    yield from _of_kinds("by-hand", title, by.by_hand, "many", "hot")


def _tigerbeetle(by: Generators) -> Iterator[Figure]:
    for size in (10, 100, 1000):
        title = f"pairs, TigerBeetle, lists of {size:,}"
        take = partial(by.tigerbeetle, size=size)
        yield from _of_kinds(f"tigerbeetle-{size}", title, take, "many", "hot")
    title = f"pairs, TigerBeetle, {CALLERS} asynchronous callers"
    yield from _of_kinds("tigerbeetle-callers", title, by.tigerbeetle_callers, "many", "hot")


def _of_kinds(name: str, title: str, take: Callable[..., Load], *kinds: str) -> Iterator[Figure]:
    for kind in kinds:
        customers, named = KINDS[kind]
        yield Figure(f"{name}-{kind}", f"{title}, {named}", partial(take, customers=customers))


def _clients(number: int) -> str:
    return "one client" if number == 1 else f"{number} clients"


def _connections(number: int) -> str:
    return "one connection" if number == 1 else f"{number} connections"
