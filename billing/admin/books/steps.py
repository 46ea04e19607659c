"""What a month's page says of its close: the steps in order, and what is to be done next."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from billing.admin import findings
from billing.admin.findings import Table
from billing.books import closing
from billing.models import CloseStep, Period, PeriodState
from ledger.admin import shown

# Each with what it does, before it has.
STEPS: Final = {
    "freeze": ("Freeze", "Waits until all that was under way when the month ended is written."),
    "expire": ("Expire", "Lets credits expire whose time is over."),
    "recognise": (
        "Recognise usage",
        "Turns what was used into revenue, lot by lot and day by day.",
    ),
    "estimate": ("Estimate", "Takes the estimates of breakage in force, or makes new ones."),
    "engine": ("Breakage", "Sets breakage revenue of each cohort to what is due (4200, 2110)."),
    "tie-outs": ("Tie-outs", "Checks that the books add up. What does not stops the close."),
    "lock": ("Lock", "From then on nothing is posted into the month."),
}
MARKS: Final = {"done": "✓", "failed": "✕", "next": "→", "to come": ""}


class Step(NamedTuple):
    name: str
    title: str
    state: str  # done, failed, next, to come
    told: str
    took: str
    by: str
    at: str

    @property
    def mark(self) -> str:
        return MARKS[self.state]


class Close(NamedTuple):
    steps: list[Step]
    broken: list[Table]
    next_name: str
    earlier: list[CloseStep]

    @property
    def next_title(self) -> str:
        return STEPS[self.next_name][0] if self.next_name else ""

    @property
    def has_failed(self) -> bool:
        return any(step.state == "failed" for step in self.steps)

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps)


def of(period: Period | None) -> Close:
    if period is None:
        return Close([_step(name, None, "") for name in STEPS], [], "", [])
    rows = list(period.steps.select_related("by").order_by("id"))
    attempt = _attempt(rows, period)
    failed = bool(attempt) and not attempt[-1].ok
    left = closing.left(period) if period.state == PeriodState.CLOSING else iter(())
    next_name = next(left, "")
    last = {row.name: row for row in attempt}
    return Close(
        [_step(name, last.get(name), "" if failed else next_name) for name in STEPS],
        findings.tables(attempt[-1].findings) if failed else [],
        next_name,
        rows[: len(rows) - len(attempt)][::-1],
    )


def _attempt(rows: Sequence[CloseStep], period: Period) -> list[CloseStep]:
    """The one that is under way, or was the last: it ends with a failure or the lock."""
    last = rows[-1].name if rows else ""
    begins_anew = last == "abandon" or last == "lock" and period.state != PeriodState.CLOSED
    if begins_anew or period.state not in (PeriodState.CLOSING, PeriodState.CLOSED):
        return []
    start = 0
    for position, row in enumerate(rows[:-1]):
        if not row.ok or row.name == "lock":
            start = position + 1
    return list(rows[start:])


def _step(name: str, row: CloseStep | None, next_name: str) -> Step:
    title, does = STEPS[name]
    if row is None:
        return Step(name, title, "next" if name == next_name else "to come", does, "", "", "")
    return Step(
        name,
        title,
        "done" if row.ok else "failed",
        row.told,
        seconds(row.finished_at - row.started_at),
        str(row.by.email if row.by else "a command"),
        shown.instant(row.finished_at),
    )


def seconds(took: timedelta) -> str:
    number = took / timedelta(seconds=1)
    return f"{number:.1f} s" if number >= 0.1 else f"{number * 1000:.0f} ms"
