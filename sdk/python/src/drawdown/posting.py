"""What the journal has, posted. A flow, as all that both clients do."""

import logging

from drawdown import flows, operations
from drawdown.errors import AccessDenied, PaymentRequired, Problem
from drawdown.journal import Journal, LateCommit
from drawdown.leasing import was_not_done
from drawdown.operations import Operation
from drawdown.problems import ReservationExpired
from drawdown.retrying import Retry
from drawdown.wire import Flow

logger = logging.getLogger("drawdown")


def post(journal: Journal, retry: Retry) -> Flow[int]:
    """How many entries were dealt with. Raises DrawdownError where the service is still away, or
    does not take this client's key."""
    posted = yield from _post_commits(journal, retry)
    while entries := journal.waiting():
        results = yield from flows.report([entry.event for entry in entries], retry)
        journal.settle(entries, results)
        posted += len(entries)
    return posted


def _post_commits(journal: Journal, retry: Retry) -> Flow[int]:
    posted, after = 0, ""
    while late := journal.late_commits(after=after):
        for each in late:
            posted += yield from _commit(journal, each, retry)
        after = late[-1].key
    return posted


def _commit(journal: Journal, late: LateCommit, retry: Retry) -> Flow[bool]:
    """Whether it was dealt with. What its customer may not or cannot pay now keeps none of the
    others waiting: it is sent again until it is answered otherwise, at the latest when it expires.
    """
    path = operations.commit(late.reservation).path
    operation = Operation("commit", path, dict(late.fields), late.key, late.reservation)
    try:
        yield from flows.operate(operation, retry)
    except Problem as problem:
        if isinstance(problem, ReservationExpired) and late.event["type"]:
            journal.turn_into_event(late)
        elif was_not_done(problem):
            journal.end_commit(late, problem=problem.body)
        elif isinstance(problem, AccessDenied | PaymentRequired) and problem.code:
            logger.warning("The commit of %s waits: %s", late.reservation, problem)
            return False
        else:
            raise
    else:
        journal.end_commit(late)
    return True
