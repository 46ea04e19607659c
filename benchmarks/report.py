"""The table for people, and the JSON for programs."""

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import gates
from benchmarks.figures import Figure
from benchmarks.history import History
from benchmarks.samples import Sample, Spread

Taken = Mapping[str, Sequence[Sample]]

HEADINGS = ["", "per second", "ratio", "p50 ms", "p99 ms"]
HEADINGS += ["web us", "database us", "load us", "WAL bytes"]
SPENDERS = ["web", "database", "load"]


def show(figures: Sequence[Figure], taken: Taken, past: History) -> None:
    rows = [_row(one.title, taken[one.name]) for one in figures]
    print()
    _print_table([HEADINGS, *rows])
    print("\nMedian over the rounds (least to most). Ratio: to TPC-B just before and after.")
    print("The last columns: processor time for one operation, microseconds, by who spent it, and")
    print("bytes of the database's log for one.\n")
    _print_table([["bytes on disk per debit", ""], *_sizes(past)])
    print()
    for line in gates.verdicts(taken, past):
        print(line)


def keep(file: Path, taken: Taken, past: History, setting: Mapping[str, Any]) -> None:
    kept = {
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "setting": setting,
        "ratios": {
            name: Spread.of([sample.ratio for sample in samples])._asdict()
            for name, samples in taken.items()
        },
        "history": asdict(past),
        "figures": {name: [asdict(sample) for sample in taken[name]] for name in taken},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=2) + "\n")
    print(f"\nKept in {file}")


def _sizes(past: History) -> list[list[str]]:
    by_size = sorted(past.bytes.items(), key=lambda one: -one[1])
    rows = [[f"  {name}", f"{size:,.0f}"] for name, size in by_size if size >= 1]
    return [*rows, [f"  all, of {past.pairs:,} debits", f"{past.whole:,.0f}"]]


def _row(title: str, samples: Sequence[Sample]) -> list[str]:
    rate = Spread.of([sample.rate for sample in samples])
    ratio = Spread.of([sample.ratio for sample in samples])
    spent = [Spread.of([sample.cpu[name] for sample in samples]).median for name in SPENDERS]
    return [
        title,
        f"{rate.median:,.0f} ({rate.low:,.0f} to {rate.high:,.0f})",
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        _milliseconds([sample.p50 for sample in samples]),
        _milliseconds([sample.p99 for sample in samples]),
        *(f"{microseconds:,.0f}" for microseconds in spent),
        f"{Spread.of([sample.wal for sample in samples]).median:,.0f}",
    ]


def _milliseconds(values: Sequence[float | None]) -> str:
    timed = [value for value in values if value is not None]
    return f"{Spread.of(timed).median:.1f}" if timed else ""


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for title, *cells in rows:
        aligned = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        print("  ".join([title.ljust(widths[0]), *aligned]))


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except FileNotFoundError:
        return platform.processor()
    found = re.search(r"model name\s*: (.+)", text)
    return found[1] if found else platform.machine()
