"""Jobs and what waits, as their page writes them."""

from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from billing.jobs import backlogs
from billing.jobs.standing import Standing, can_be_asked_for, standings
from ledger.admin import shown


class Row(NamedTuple):
    name: str
    purpose: str
    tone: str
    state: str
    last: str
    took: str
    lag: str
    next: str
    outcome: str
    runs: str
    failures: str
    error: str
    can_run: bool


def rows() -> list[Row]:
    """Those that fail or are late first."""
    found = sorted(standings(), key=lambda one: not (one.is_failing or one.is_late))
    return [_row(one) for one in found]


def waiting() -> list[tuple[str, str]]:
    return [
        (backlog.title, f"{backlog.number:,}{_oldest(backlog.age)}") for backlog in backlogs.every()
    ]


def _oldest(age: timedelta) -> str:
    return f", the oldest for {duration(age)}" if age else ""


def _row(standing: Standing) -> Row:
    job = standing.job
    tone, state = _state(standing)
    return Row(
        name=job.name,
        purpose=standing.purpose,
        tone=tone,
        state=state,
        last=shown.instant(job.finished_at),
        took=duration(job.took) if job.finished_at else "-",
        lag=duration(standing.lag) if standing.is_late else "-",
        next=shown.instant(standing.next_at),
        outcome=job.outcome or "-",
        runs=f"{job.runs:,}",
        failures=f"{job.failures:,}",
        error=job.error if standing.is_failing else "",
        can_run=can_be_asked_for(job.name),
    )


def _state(standing: Standing) -> tuple[str, str]:
    job = standing.job
    if standing.is_failing:
        return "bad", f"Failed {job.failures_in_a_row} in a row"
    if job.started_at is None:
        return "", "Not run yet"
    if standing.is_late:
        return "warn", "Late"
    if job.finished_at is None or job.finished_at < job.started_at:
        return "", f"Running for {shown.age(job.started_at, timezone.now())}"
    return "good", "OK"


def duration(length: timedelta) -> str:
    """`0.3 s`, `12 s`, `3 min 5 s`, `2 h 10 min` or `3 d 4 h`."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for name, size, part, part_size in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // part_size} {part}"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
