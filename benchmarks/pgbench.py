"""Runs pgbench, which comes with PostgreSQL, and reads what it says."""

import re
import resource
import subprocess
from pathlib import Path

from benchmarks.load import Load
from config.embedded.binaries import binaries
from config.embedded.place import Place

SCRIPTS = Path(__file__).parent / "scripts"
CLIENTS = 8
THREADS = 2

_TRANSACTIONS = re.compile(r"transactions actually processed: (\d+)")
_RATE = re.compile(r"tps = ([\d.]+)")


def run(
    place: Place, user: str, database: str, seconds: float, *options: str, clients: int = CLIENTS
) -> Load:
    before = _children_seconds()
    outcome = subprocess.run(
        [
            str(binaries(place.user) / "pgbench"),
            *("--host", str(place.sockets), "--username", user),
            *("--no-vacuum", "--protocol=prepared"),
            *(f"--client={clients}", f"--jobs={min(clients, THREADS)}"),
            f"--time={max(1, round(seconds))}",
            *options,
            database,
        ],
        capture_output=True,
        text=True,
    )
    if outcome.returncode or "ERROR" in outcome.stderr:
        raise RuntimeError(f"pgbench failed:\n{outcome.stderr}")
    transactions, rate = _read(_TRANSACTIONS, outcome.stdout), _read(_RATE, outcome.stdout)
    return Load(int(transactions), transactions / rate, _children_seconds() - before)


def script(name: str, **variables: int) -> list[str]:
    defined = [f"--define={variable}={value}" for variable, value in variables.items()]
    return [f"--file={SCRIPTS / name}", *defined]


def _read(pattern: re.Pattern[str], text: str) -> float:
    found = pattern.search(text)
    if found is None:
        raise RuntimeError(f"pgbench said something else:\n{text}")
    return float(found[1])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
