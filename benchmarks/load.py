"""What a load generator reports of one run."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    operations: int
    seconds: float
    cpu_seconds: float
    # Milliseconds, where each operation was timed.
    p50: float | None = None
    p99: float | None = None


def together(loads: Sequence[Load]) -> Load:
    """Of generators that ran side by side for the same time."""
    return Load(
        sum(load.operations for load in loads),
        sum(load.seconds for load in loads) / len(loads),
        sum(load.cpu_seconds for load in loads),
    )
