"""What a new estimate would post, without posting it."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from django.db import transaction

from billing.books import cohorts, locks
from billing.books.cohorts import Cohort
from billing.models import BreakageRun, Estimate, Method


class Change(NamedTuple):
    """Of one cohort: N now and with the estimate, in minor units. `catch_up` is what the estimate
    by itself posts; the rest of the difference is use that was not taken into N yet."""

    cohort: str
    currency: str
    method: Method
    before: int
    after: int
    catch_up: int


def preview(make: Callable[[], list[Estimate]], as_of: date) -> list[Change]:
    """Of each cohort that `make` estimates: it is done and rolled back. Usage is to be recognised
    before. Raises what `make` raises."""
    with transaction.atomic():
        locks.books()
        before = cohorts.recognised(as_of)
        last = _last_run()
        mark = transaction.savepoint()
        made = make()
        after = cohorts.recognised(as_of)
        caught_up = _caught_up(last)
        transaction.savepoint_rollback(mark)
    return [_change(version, before, after, caught_up) for version in made]


def _change(
    version: Estimate, before: dict[str, int], after: dict[str, int], caught_up: dict[str, int]
) -> Change:
    name = version.cohort
    return Change(
        name,
        Cohort.read(name).currency,
        Method(version.method),
        before.get(name, 0),
        after.get(name, 0),
        caught_up.get(name, 0),
    )


def _last_run() -> int:
    return BreakageRun.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _caught_up(since: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in BreakageRun.objects.filter(id__gt=since):
        found[run.cohort] = found.get(run.cohort, 0) + run.catch_up
    return found
