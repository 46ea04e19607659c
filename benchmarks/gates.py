"""What has to hold, as ratios of rates that were measured in the same run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.databases import CALIBRATION
from benchmarks.history import History
from benchmarks.samples import Sample, Spread

Taken = Mapping[str, Sequence[Sample]]


class Gate(NamedTuple):
    figure: str
    beside: str
    at_least: float


GATES = [
    Gate("single-many", CALIBRATION, 1.3),
    Gate("lists-10-many", CALIBRATION, 3.5),
    Gate("lists-100-many", CALIBRATION, 7),
    Gate("lists-1000-many", CALIBRATION, 9),
    Gate("lists-100-hot", "lists-100-many", 0.9),
    Gate("http-many", CALIBRATION, 2.5),
    Gate("http-many", "by-hand-many", 35),
    Gate("http-1-many", "plain-1-many", 1),
    Gate("http-hot", "http-many", 0.9),
    Gate("batch-100-many", CALIBRATION, 9),
    *(Gate(f"lists-{size}-many", f"tigerbeetle-{size}-many", 1) for size in (10, 100, 1000)),
    # Alerts and caps cost little.
    Gate("single-armed", "single-many", 0.95),
    Gate("lists-100-armed", "lists-100-many", 0.95),
    Gate("http-armed", "http-many", 0.95),
    Gate("single-capped", "single-many", 0.9),
    Gate("lists-100-capped", "lists-100-many", 0.9),
    Gate("http-capped", "http-many", 0.9),
]
OLD_AT_LEAST = 0.95
LEASED_AT_LEAST = 300_000
BYTES_AT_MOST = 450
# Of an answer that touches no database, beside two flushes.
P99_AT_MOST = 4


def verdicts(taken: Taken, past: History) -> Iterator[str]:
    """A line for each gate whose figures were taken."""
    for gate in GATES:
        if gate.figure in taken and gate.beside in taken:
            ratio = _ratio(taken, gate.figure, gate.beside)
            names = f"{gate.figure} / {gate.beside}"
            yield _least(f"{names} = {ratio:.2f}", ratio, gate.at_least)
    yield from _of_age(taken)
    yield from _of_leases(taken)
    yield from _of_waiting(taken)
    yield _most(f"bytes on disk per debit = {past.whole:,.0f}", past.whole, BYTES_AT_MOST)


def _of_age(taken: Taken) -> Iterator[str]:
    for young in taken:
        old = young.removesuffix("@0")
        if old != young:
            ratio = _ratio(taken, old, young)
            yield _least(f"{old} with history / without = {ratio:.2f}", ratio, OLD_AT_LEAST)


def _of_leases(taken: Taken) -> Iterator[str]:
    for name in ("leases-hot", "leases-some"):
        if name in taken:
            rate = Spread.of([sample.rate for sample in taken[name]]).median
            yield _least(f"{name} = {rate:,.0f} a second", rate, LEASED_AT_LEAST)


def _of_waiting(taken: Taken) -> Iterator[str]:
    if {"half", "half-nonsense", "flush"} <= taken.keys():
        p99 = _median([sample.p99 for sample in taken["half"]])
        nothing = _median([sample.p50 for sample in taken["half-nonsense"]])
        flush = _median([sample.p50 for sample in taken["flush"]])
        most = P99_AT_MOST * nothing + 2 * flush
        told = f"p99 at half of the highest rate = {p99:.1f} ms"
        yield _most(f"{told} (4 x {nothing:.2f} + 2 x {flush:.2f})", p99, most)


def _least(told: str, found: float, at_least: float) -> str:
    return f"{'met' if found >= at_least else 'NOT met'}: {told}, at least {at_least:,}"


def _most(told: str, found: float, at_most: float) -> str:
    return f"{'met' if found <= at_most else 'NOT met'}: {told}, at most {at_most:,.1f}"


def _ratio(taken: Taken, figure: str, beside: str) -> float:
    """Of their ratios to TPC-B, since the machine may have changed between them."""
    own = [sample.ratio for sample in taken[figure]]
    if beside == CALIBRATION:
        return _median(own)
    return _median([one / other.ratio for one, other in zip(own, taken[beside], strict=True)])


def _median(values: Sequence[float | None]) -> float:
    return Spread.of([value for value in values if value is not None]).median
