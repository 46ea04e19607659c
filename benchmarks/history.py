"""Debits of the past, made through the core like any other, and the room they take on the disk."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.company import CUSTOMERS
from benchmarks.generators import Generators
from config.embedded import cluster
from config.embedded.place import Place

SIZE = 1000
SECONDS = 10

Sizes = dict[str, int]

_SIZES = """
    SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid))::bigint
    FROM pg_class c
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relkind = 'r' AND c.relname LIKE 'ledger%'
    GROUP BY 1
"""


@dataclass(frozen=True)
class History:
    """`bytes` by table with its indexes, of each reservation that was made and committed."""

    pairs: int
    bytes: dict[str, float]

    @property
    def whole(self) -> float:
        return sum(self.bytes.values())


def fill(place: Place, by: Generators, pairs: int, say: Callable[[str], None]) -> History:
    """At least so many."""
    before, done = _sizes(place), 0
    while done < pairs:
        done += by.lists(SECONDS, SIZE, range(CUSTOMERS)).operations
        say(f"History: {done:,} of {pairs:,} debits")
    grown = {name: size - before.get(name, 0) for name, size in _sizes(place).items()}
    return History(done, {name: size / done for name, size in grown.items() if size > 0})


def _sizes(place: Place) -> Sizes:
    """After what is dead was swept away."""
    with cluster.connect(place, cluster.OWNER, cluster.DATABASE) as connection:
        connection.execute("VACUUM ANALYZE")
        return {str(name): int(str(size)) for name, size in connection.execute(_SIZES)}
