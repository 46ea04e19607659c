"""What the fast path counts, once for each call of the core rather than for each operation.

An exemplar names a request that was counted, and so leads to the log and to its rows.
"""

from collections import Counter as count
from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter, Histogram

from ledger.fastpath.database import Row
from ledger.operations import Operation

# OpenMetrics allows 128 characters, the label's name included.
EXEMPLAR_MAX: Final = 128 - len("request_id")

_GATHERED = Histogram(
    "drawdown_gathered_operations",
    "Operations that travelled together to the database.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
)
_SECONDS = Histogram(
    "drawdown_core_seconds",
    "How long the core took for a gathered call, commit included.",
    buckets=(0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 2, 8),
)
_RESULTS = Counter("drawdown_operations", "Operations by how the core answered.", ["code"])
_FAILED_CALLS = Counter(
    "drawdown_failed_calls", "Calls of the core that failed and were tried again otherwise."
)


def count_call(operations: Sequence[Operation], rows: Sequence[Row], seconds: float) -> None:
    """`rows` are the answers to `operations`."""
    _GATHERED.observe(len(rows))
    _SECONDS.observe(seconds, _exemplar(operations[0]))
    last = {row.code: place for place, row in enumerate(rows)}
    for code, times in count(row.code for row in rows).items():
        _RESULTS.labels(code).inc(times, _exemplar(operations[last[code]]))


def _exemplar(operation: Operation) -> dict[str, str] | None:
    name = operation.request_id
    return {"request_id": name} if name and len(name) <= EXEMPLAR_MAX else None


def count_failed_call() -> None:
    _FAILED_CALLS.inc()
