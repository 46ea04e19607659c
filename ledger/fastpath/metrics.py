"""What the fast path counts, once for each call of the core rather than for each operation."""

from collections import Counter as count
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from ledger.fastpath.database import Row

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


def count_call(rows: Sequence[Row], seconds: float) -> None:
    _GATHERED.observe(len(rows))
    _SECONDS.observe(seconds)
    for code, times in count(row.code for row in rows).items():
        _RESULTS.labels(code).inc(times)


def count_failed_call() -> None:
    _FAILED_CALLS.inc()
