"""One figure in one round, and what several rounds say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from benchmarks import cpu, databases
from benchmarks.figures import Figure
from config.embedded.place import Place


@dataclass(frozen=True)
class Sample:
    """`rate` is operations per second; `cpu` is microseconds per operation, by who spent them;
    `wal` is bytes of the database's log per operation."""

    rate: float
    cpu: dict[str, float]
    wal: float
    p50: float | None
    p99: float | None


class Spread(NamedTuple):
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


def take(place: Place, figure: Figure, seconds: float) -> Sample:
    before, written = cpu.of_servers(), databases.wal(place)
    load = figure.take(seconds)
    after, written = cpu.of_servers(), databases.wal(place) - written
    used = {name: after[name] - before[name] for name in after} | {"load": load.cpu_seconds}
    return Sample(
        rate=load.operations / load.seconds,
        cpu={name: 1e6 * spent / load.operations for name, spent in used.items()},
        wal=written / load.operations,
        p50=load.p50,
        p99=load.p99,
    )


def ratios(samples: Sequence[Sample], beside: Sequence[Sample]) -> list[float]:
    """Round by round: what slows the machine down for a while slows both down."""
    return [sample.rate / other.rate for sample, other in zip(samples, beside, strict=True)]
