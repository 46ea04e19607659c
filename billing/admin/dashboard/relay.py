"""What the worker has to do: how late events are, and whether it works at all."""

from datetime import timedelta

from billing.admin.dashboard.blocks import Block, Figure, Seen, minute
from billing.admin.job_figures import duration
from billing.jobs import backlogs
from billing.jobs.backlogs import Backlog
from billing.operators import watchdog


def block(seen: Seen) -> Block:
    relay, *others = backlogs.every()
    made = Block(
        "relay",
        "Relay and worker",
        minute(seen.span.now),
        figures=[_lag(relay), _worker()],
        links=seen.links(("billing.view_job", "Jobs", "billing_job_changelist")),
    )
    made.figures += [
        Figure(one.title, f"{one.number:,}", f"the oldest for {duration(one.age)}")
        for one in others
        if one.number
    ]
    return made


def _lag(relay: Backlog) -> Figure:
    if not relay.number:
        return Figure("Relay lag", "none", "No event waits", "good")
    late = relay.age > watchdog.RELAY_LATE_AFTER
    waits = "1 event waits" if relay.number == 1 else f"{relay.number:,} events wait"
    return Figure("Relay lag", duration(max(relay.age, timedelta(0))), waits, "bad" if late else "")


def _worker() -> Figure:
    if watchdog.is_silent():
        return Figure("Worker", "silent", "What is shown here may be old", "bad")
    return Figure("Worker", "works", "", "good")
