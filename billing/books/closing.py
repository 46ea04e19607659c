"""Closing a month, step by step (accounting rules, section 6: close order).

Each step can be done again: a close that stopped, or whose process ended, goes on where it was.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from billing import findings, partners
from billing.books import engine, escheat, estimating, locks, periods, revenue, tie_outs
from billing.books.cohorts import last_day
from billing.books.errors import CloseOutOfOrder, PeriodNotOver, TieOutFailed
from billing.books.rows import value
from billing.models import CloseStep, Method, Period, PeriodState, Policy
from billing.plans import earning
from ledger.checks import Finding

FREEZE_PATIENCE_SECONDS: Final = 60


# Who writes to this database holds a lock on an id of its transaction.
_WRITING = """
select array_agg(l.virtualtransaction)
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'transactionid' and l.granted and a.datname = current_database()
    and a.pid <> pg_backend_pid()
"""
_STILL_WRITING = """
select exists (select from pg_locks
    where locktype = 'transactionid' and granted and virtualtransaction = any(%(writing)s))
"""


class Outcome(NamedTuple):
    """What a step did, in a line, and what it found broken."""

    told: str
    findings: Sequence[Finding] = ()

    @property
    def ok(self) -> bool:
        return not any(finding.broken for finding in self.findings)


def close(
    month: date, *, by: User | None = None, tell: Callable[[CloseStep], None] = lambda step: None
) -> Period:
    """All that is left to do. Raises CloseOutOfOrder, PeriodNotOver, TieOutFailed."""
    period = begin(month)
    for name in STEPS:
        step = take(period, name, by=by)
        tell(step)
        if not step.ok:
            broken = next(finding for finding in step.findings if finding["broken"])
            raise TieOutFailed(f"The close stopped: {broken['title']}.")
    period.refresh_from_db()
    return period


def begin(month: date) -> Period:
    """Raises CloseOutOfOrder, PeriodNotOver."""
    if periods.today() <= last_day(month):
        raise PeriodNotOver(f"{month:%Y-%m} is not over yet.")
    return periods.begin_close(month)


def take(period: Period, name: str, *, by: User | None = None) -> CloseStep:
    """One step, recorded. Raises CloseOutOfOrder when one before it was not done, or somebody else
    takes one."""
    with locks.close() as is_ours:
        if not is_ours:
            raise CloseOutOfOrder("Somebody else is closing it just now: look again in a moment.")
        _check_order(period, name)
        return _taken(period, name, by)


def abandon(period: Period, *, by: User | None = None) -> Period:
    """Leave a month open that was being closed: another close begins anew. What was posted stays.
    Raises CloseOutOfOrder."""
    with locks.close() as is_ours, transaction.atomic():
        period.refresh_from_db()
        if not is_ours or period.state != PeriodState.CLOSING:
            raise CloseOutOfOrder(
                f"{period} is {period.state}, or somebody is closing it just now."
            )
        periods.set_closed(periods.closed_through(), closing=None)
        period.state = PeriodState.REOPENED if period.closed_at else PeriodState.OPEN
        period.save(update_fields=["state"])
        now = value("select clock_timestamp()")
        CloseStep.objects.create(
            period=period,
            name="abandon",
            started_at=now,
            finished_at=now,
            ok=False,
            told="Left open",
            by=by,
        )
    return period


def _taken(period: Period, name: str, by: User | None) -> CloseStep:
    started: datetime = value("select clock_timestamp()")
    outcome = STEPS[name](period, by)
    return CloseStep.objects.create(
        period=period,
        name=name,
        started_at=started,
        finished_at=value("select clock_timestamp()"),
        ok=outcome.ok,
        told=outcome.told,
        findings=[findings.kept(finding) for finding in outcome.findings],
        by=by,
    )


def left(period: Period) -> Iterator[str]:
    """The steps to come, in their order: after one that failed, from the first on again."""
    done = _done(period)
    for name in STEPS:
        if name not in done:
            yield name


def _check_order(period: Period, name: str) -> None:
    period.refresh_from_db()
    if period.state != PeriodState.CLOSING:
        raise CloseOutOfOrder(f"{period} is {period.state}, not being closed.")
    names = list(STEPS)
    done = _done(period)
    missing = [one for one in names[: names.index(name)] if one not in done]
    if missing:
        raise CloseOutOfOrder(f"First {missing[0]}, then {name}.")


def _done(period: Period) -> set[str]:
    """Of this close: since it was last reopened, closed, or a step failed."""
    since = period.steps.filter(ok=False).aggregate(last=Max("id"))["last"] or 0
    locked = period.steps.filter(name="lock").aggregate(last=Max("id"))["last"] or 0
    return set(period.steps.filter(id__gt=max(since, locked)).values_list("name", flat=True))


def _freeze(period: Period, by: User | None) -> Outcome:
    """What was under way when the month ended has been written: whoever was writing has ended."""
    writing = value(_WRITING)
    deadline = time.monotonic() + FREEZE_PATIENCE_SECONDS
    while writing and value(_STILL_WRITING, {"writing": writing}):
        if time.monotonic() > deadline:
            raise CloseOutOfOrder(
                "Something has been writing for more than a minute: close again when it ended."
            )
        time.sleep(0.05)
    return Outcome(f"All that was used until {last_day(period.month)} is written")


def _expire(period: Period, by: User | None) -> Outcome:
    expired = revenue.expire_all()
    claimed = escheat.register_expired()
    told = f"{expired} wallets had something to expire"
    return Outcome(f"{told}, {claimed} lots are unclaimed property" if claimed else told)


def _recognise(period: Period, by: User | None) -> Outcome:
    """From its end on nothing counts for the month but what the close posts."""
    posted, shared = revenue.recognise_all(), partners.accrue_all()
    earned = earning.earn_all()
    periods.set_closed(periods.closed_through(), closing=last_day(period.month))
    _freeze(period, by)
    posted += revenue.recognise_all()
    shared += partners.accrue_all()
    told = [f"{posted} entries of usage posted"]
    told += [f"{earned} fees earned"] if earned else []
    told += [f"{shared} of partners' shares"] if shared else []
    return Outcome(", ".join(told))


def _estimate(period: Period, by: User | None) -> Outcome:
    policy, until = Policy.current(), last_day(period.month)
    if policy.method == Method.REMOTE:
        return Outcome("Breakage is recognised at expiry: nothing to estimate")
    if policy.refresh_estimates:
        made = estimating.refresh(until, approved_by=by, closing=True)
        return Outcome(f"{len(made)} cohorts estimated from the curve of use")
    return Outcome(f"{len(engine.latest_estimates(until))} cohorts have an estimate")


def _engine(period: Period, by: User | None) -> Outcome:
    runs = engine.run(last_day(period.month), closing=True)
    return Outcome(f"{sum(1 for run in runs if run.posted)} cohorts moved")


def _tie_outs(period: Period, by: User | None) -> Outcome:
    findings = list(tie_outs.run(period.month, last_day(period.month)))
    broken = sum(1 for finding in findings if finding.broken)
    return Outcome(f"{len(findings)} tie-outs, {broken} broken", findings)


@transaction.atomic
def _lock(period: Period, by: User | None) -> Outcome:
    locks.books()
    first, through = periods.first_unclosed(period.month), last_day(period.month)
    if first is not None and first < period.month:
        raise CloseOutOfOrder(f"{first:%Y-%m} was reopened meanwhile: it comes first.")
    periods.set_closed(through, closing=None)
    period.state = PeriodState.CLOSED
    period.closed_at, period.closed_by = value("select ledger_now()"), by
    period.save()
    return Outcome(f"Closed: nothing is posted up to {through} any more")


STEPS: Final[dict[str, Callable[[Period, User | None], Outcome]]] = {
    "freeze": _freeze,
    "expire": _expire,
    "recognise": _recognise,
    "estimate": _estimate,
    "engine": _engine,
    "tie-outs": _tie_outs,
    "lock": _lock,
}
