"""What has to hold, as ratios of rates that were measured in the same round."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.databases import CALIBRATION
from benchmarks.samples import Sample, Spread, ratios


class Gate(NamedTuple):
    figure: str
    beside: str
    at_least: float


GATES = [
    Gate("single-many", CALIBRATION, 0.9),
    Gate("lists-100-many", CALIBRATION, 4),
    *(Gate(f"lists-{size}-many", f"tigerbeetle-{size}-many", 1) for size in (10, 100, 1000)),
    Gate("http-many", CALIBRATION, 1.4),
    Gate("http-hot", "http-many", 0.8),
    Gate("single-armed", "single-many", 0.95),
    Gate("lists-100-armed", "lists-100-many", 0.95),
    Gate("http-armed", "http-many", 0.95),
    Gate("single-capped", "single-many", 0.9),
    Gate("lists-100-capped", "lists-100-many", 0.9),
    Gate("http-capped", "http-many", 0.9),
]
# For comparison only: what people write by hand.
BESIDE_BY_HAND = ("http-many", "by-hand-many")


def verdicts(taken: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    """A line for each gate whose figures were taken."""
    for gate in GATES:
        if gate.figure in taken and gate.beside in taken:
            ratio = _ratio(taken, gate.figure, gate.beside)
            verdict = "met" if ratio >= gate.at_least else "NOT met"
            names = f"{gate.figure} / {gate.beside}"
            yield f"{verdict}: {names} = {ratio:.2f}, at least {gate.at_least}"
    ours, theirs = BESIDE_BY_HAND
    if ours in taken and theirs in taken:
        yield f"{ours} / {theirs} = {_ratio(taken, ours, theirs):.1f}"


def _ratio(taken: Mapping[str, Sequence[Sample]], figure: str, beside: str) -> float:
    return Spread.of(ratios(taken[figure], taken[beside])).median
