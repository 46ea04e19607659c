"""The breakage engine: it sets what 4200 has of each cohort to N, and so 2110 to N - A.

It can run on any day, and twice: what it posts is the difference to what was posted so far. It
posts to the house's book, each part of a movement by itself (R3, R11).
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from django.db import transaction

from accounts.models import HOUSE_ID
from billing.books import cohorts, locks
from billing.books.breakage.formula import Position, is_over_redeemed, recognised, remote
from billing.books.breakage.movement import Movement, movement
from billing.books.breakage.prospective import Base, prospective
from billing.books.cohorts import Cohort
from billing.books.expected import expected
from billing.books.rows import rows
from billing.models import BreakageRun, Estimate, Extension, Method
from ledger import services
from ledger.services import Leg

KIND = "breakage"
_LATER_DAYS = """
select distinct posting_date from ledger_posting
where account = '4200' and posting_date > %(as_of)s
    and posting_date <= ledger_day(ledger_now())
order by 1
"""
NOTHING = Position(0, 0, 0)


@transaction.atomic
def run(as_of: date, *, closing: bool = False) -> list[BreakageRun]:
    """Post for this day. Usage is to be recognised before; what happened after the day does not
    count. Days after it for which something was posted before are set right too. A row for each
    cohort that moved, or whose month is closed."""
    locks.books()
    runs = _run(as_of, closing)
    for (day,) in rows(_LATER_DAYS, {"as_of": as_of}) if any(run.posted for run in runs) else []:
        runs += _run(day, closing=False)
    return runs


def _run(as_of: date, closing: bool) -> list[BreakageRun]:
    positions = cohorts.positions(as_of)
    posted = cohorts.recognised(as_of)
    last = _last_runs(as_of)
    estimates = latest_estimates(as_of)
    runs = []
    for name in sorted({*positions, *posted}):
        position = positions.get(name, NOTHING)
        estimate = estimates.get(name)
        before = last.get(name)
        moved = _movement(name, position, estimate, posted.get(name, 0), before, as_of)
        if any(moved) or (closing and _has_changed(position, estimate, before)):
            runs.append(_enter(name, position, estimate, moved, as_of, posted.get(name, 0)))
            _post(runs[-1], closing=closing)
    return runs


def rule(
    name: str, estimate: Estimate | None, position: Position, as_of: date
) -> Callable[[Position], int]:
    """N as a function of a cohort's figures. Without an estimate nothing is expected to break
    before it has."""
    if estimate is None or estimate.method == Method.REMOTE:
        return partial(remote, judged_remote=estimate.judged_remote if estimate else 0)
    amount = expected(name, estimate, position, as_of)
    if estimate.treatment == Extension.PROSPECTIVE and estimate.base_n is not None:
        base = Base(estimate.base_c or 0, estimate.base_a or 0, estimate.base_n)
        return partial(prospective, expected=amount, base=base)
    return partial(recognised, expected=amount)


def latest_estimates(as_of: date) -> dict[str, Estimate]:
    found = Estimate.objects.filter(as_of__lte=as_of).order_by("cohort", "-as_of", "-id")
    return {estimate.cohort: estimate for estimate in found.distinct("cohort")}


def _last_runs(as_of: date) -> dict[str, BreakageRun]:
    found = BreakageRun.objects.filter(as_of__lte=as_of).order_by("cohort", "-as_of", "-id")
    return {run.cohort: run for run in found.distinct("cohort")}


def _movement(
    name: str,
    position: Position,
    estimate: Estimate | None,
    posted: int,
    before: BreakageRun | None,
    as_of: date,
) -> Movement:
    """Without a new estimate there is no catch-up: then all that the old figures would say is
    current."""
    old = Position(before.v, before.c, before.a) if before else NOTHING
    parts = movement(rule(name, estimate, position, as_of), posted, old, position)
    if before is not None and before.estimate_id != (estimate.pk if estimate else None):
        return parts
    return Movement(0, parts.catch_up + parts.current, parts.expiry)


def _has_changed(position: Position, estimate: Estimate | None, before: BreakageRun | None) -> bool:
    if before is None:
        return position != NOTHING
    same = before.estimate_id == (estimate.pk if estimate else None)
    return not same or (before.v, before.c, before.a) != tuple(position)


def _enter(
    name: str,
    position: Position,
    estimate: Estimate | None,
    moved: Movement,
    as_of: date,
    posted: int,
) -> BreakageRun:
    amount = expected(name, estimate, position, as_of)
    return BreakageRun.objects.create(
        cohort=name,
        currency=Cohort.read(name).currency,
        as_of=as_of,
        estimate=estimate,
        v=position.v,
        c=position.c,
        a=position.a,
        expected=round(amount, 6),
        n=posted + moved.total,
        catch_up=moved.catch_up,
        current=moved.current,
        expiry=moved.expiry,
        over_redeemed=is_over_redeemed(position, amount),
    )


def _post(run: BreakageRun, *, closing: bool) -> None:
    parts = {"catch-up": run.catch_up, "current": run.current, "expiry": run.expiry}
    for tag, amount in parts.items():
        if amount:
            sides = ("2110", "4200") if amount > 0 else ("4200", "2110")
            services.post(
                HOUSE_ID,
                kind=f"{KIND} {tag}",
                money=[Leg(*sides, abs(amount), run.currency, cohort=run.cohort)],
                posted_on=run.as_of,
                closing=closing,
                document=str(run.estimate) if run.estimate else None,
                key=f"{KIND} {run.pk} {tag}",
            )
