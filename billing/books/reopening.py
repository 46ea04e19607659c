"""Reopening a month takes two: one asks with a reason, another who may approves or declines."""

from datetime import date

from django.db import transaction

from accounts.models import User
from billing.books import locks, periods
from billing.books.cohorts import last_day
from billing.books.errors import NotClosed
from billing.books.rows import value
from billing.models import Period, PeriodState, ReopenRequest


@transaction.atomic
def ask(month: date, *, reason: str, by: User) -> ReopenRequest:
    """Raises NotClosed: only the last closed month can be reopened, and is asked for once."""
    locks.books()
    _check(month, reason)
    return ReopenRequest.objects.create(
        month=month, reason=reason.strip(), asked_by=by, asked_at=value("select ledger_now()")
    )


@transaction.atomic
def decide(request_id: int, *, approve: bool, by: User) -> ReopenRequest:
    """Approved, the month is open from then on. Raises NotClosed: it was decided already, is not
    to be decided by who asked, or cannot be reopened any more."""
    locks.books()
    request = ReopenRequest.objects.select_for_update().get(id=request_id)
    if request.decided_at is not None:
        raise NotClosed("This was decided already.")
    if request.asked_by_id == by.pk:
        raise NotClosed("Somebody else must decide: it was you who asked.")
    if approve:
        periods.reopen(request.month, reason=request.reason, by=request.asked_by, approved_by=by)
    request.decided_by, request.approved = by, approve
    request.decided_at = value("select ledger_now()")
    request.save()
    return request


def waiting(month: date | None = None) -> list[ReopenRequest]:
    """Not decided yet, the oldest first."""
    found = ReopenRequest.objects.filter(decided_at=None).select_related("asked_by")
    return list((found.filter(month=month) if month else found).order_by("id"))


def can_be_asked(period: Period | None) -> bool:
    """Of the last closed month, which nobody asks for already."""
    return (
        period is not None
        and period.state == PeriodState.CLOSED
        and periods.closed_through() == last_day(period.month)
        and not waiting(period.month)
    )


def _check(month: date, reason: str) -> None:
    period = Period.objects.filter(month=month).first()
    if not reason.strip():
        raise NotClosed("Say why it is to be reopened.")
    if period is None or period.state != PeriodState.CLOSED:
        raise NotClosed(f"{month:%Y-%m} is not closed.")
    if waiting(month):
        raise NotClosed("Somebody asked for it already: decide that first.")
    if not can_be_asked(period):
        raise NotClosed("A later month is closed: reopen that one first.")
