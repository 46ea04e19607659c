"""What the journal has, posted. A flow, as all that both clients do."""

from drawdown import flows, operations
from drawdown.errors import Problem
from drawdown.journal import Journal, LateCommit
from drawdown.offline import FLAG
from drawdown.operations import Operation
from drawdown.problems import ReservationExpired
from drawdown.retrying import Retry
from drawdown.wire import Flow


def post(journal: Journal, retry: Retry) -> Flow[int]:
    """How many entries were dealt with. Raises DrawdownError where the service is still away."""
    posted = 0
    while late := journal.late_commits():
        for each in late:
            yield from _commit(journal, each, retry)
        posted += len(late)
    while entries := journal.waiting():
        results = yield from flows.report([entry.event for entry in entries], retry)
        journal.settle(entries, results)
        posted += len(entries)
    return posted


def _commit(journal: Journal, late: LateCommit, retry: Retry) -> Flow[None]:
    path = operations.commit(late.reservation).path
    operation = Operation("commit", path, dict(late.fields), late.key, late.reservation)
    try:
        yield from flows.operate(operation, retry)
    except ReservationExpired:
        fields = {name: value for name, value in late.fields.items() if name != "final"}
        journal.turn_into_event(late, {**fields, "metadata": FLAG})
    except Problem as problem:
        if problem.should_retry:
            raise
        journal.end_commit(late, problem=problem.body)
    else:
        journal.end_commit(late)
