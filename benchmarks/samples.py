"""One figure in one round, and what several rounds say together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import nan
from statistics import median
from typing import NamedTuple

from benchmarks import cpu, databases
from benchmarks.figures import Figure
from benchmarks.load import Load
from config.embedded.place import Place

# The calibration takes so much less time than a figure.
CALIBRATION_SHARE = 4


@dataclass(frozen=True)
class Sample:
    """`rate` is operations per second, and `tpcb` the calibration's just before and after; `cpu` is
    microseconds per operation, by who spent them; `wal` is bytes of the database's log for one."""

    rate: float
    tpcb: float
    cpu: dict[str, float]
    wal: float
    p50: float | None
    p99: float | None

    @property
    def ratio(self) -> float:
        return self.rate / self.tpcb


class Spread(NamedTuple):
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


class Sampler:
    """Takes figures with the calibration between each two of them: a machine that others use too is
    another one some minutes later."""

    def __init__(self, place: Place, calibrate: Callable[[float], Load], seconds: float) -> None:
        self._place = place
        self._calibrate = calibrate
        self._seconds = seconds
        self._tpcb = self._calibrated()

    def take(self, figure: Figure) -> Sample:
        before, sample = self._tpcb, _take(self._place, figure, self._seconds)
        self._tpcb = self._calibrated()
        return replace(sample, tpcb=(before + self._tpcb) / 2)

    def _calibrated(self) -> float:
        load = self._calibrate(max(self._seconds / CALIBRATION_SHARE, 1))
        return load.operations / load.seconds


def _take(place: Place, figure: Figure, seconds: float) -> Sample:
    before, written = cpu.of_servers(), databases.wal(place)
    load = figure.take(seconds)
    after, written = cpu.of_servers(), databases.wal(place) - written
    used = {name: after[name] - before[name] for name in after} | {"load": load.cpu_seconds}
    return Sample(
        rate=load.operations / load.seconds,
        tpcb=nan,
        cpu={name: 1e6 * spent / load.operations for name, spent in used.items()},
        wal=written / load.operations,
        p50=load.p50,
        p99=load.p99,
    )
