"""`python -m benchmarks`: Drawdown's speed on this machine beside that of pgbench."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import django

from benchmarks.installation import installation
from benchmarks.tigerbeetle import binary
from config.processes import end_with_make
from config.supervisor import interruptible

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    end_with_make()
    options = _parser().parse_args()
    try:
        with interruptible(), installation() as place:
            # Django takes the database from the environment, which names ours only now.
            django.setup()
            from benchmarks import bench

            bench.run(place, options)
    except KeyboardInterrupt:
        sys.exit("Stopped.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is taken (3)")
    parser.add_argument("--seconds", type=float, default=10, help="how long each time (10)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="figures whose name begins so, beside the calibration; may be repeated",
    )
    parser.add_argument(
        "--history", type=_number, default=0, metavar="N", help="past debits first, such as 5M"
    )
    parser.add_argument("--scale", type=int, default=50, help="pgbench's scale (50)")
    parser.add_argument(
        "--tigerbeetle",
        type=binary,
        metavar="BINARY",
        help="measure it too; its Python client has to be installed",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", default=_results_file())
    return parser


def _number(text: str) -> int:
    """Such as 5M, 200k or 1000."""
    units = {"k": 1_000, "m": 1_000_000}
    unit = units.get(text[-1:].lower())
    return int(text) if unit is None else int(text[:-1]) * unit


def _results_file() -> Path:
    return RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"


if __name__ == "__main__":
    main()
