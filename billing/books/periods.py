"""Months and whether they are open (accounting rules, section 6: period close)."""

from datetime import date, timedelta

from django.db import connection, transaction

from accounts.models import User
from billing.books import locks
from billing.books.cohorts import last_day
from billing.books.counted import LOTS, TRANSFERS
from billing.books.errors import CloseOutOfOrder, NotClosed, PeriodClosed
from billing.books.rows import value
from billing.models import Period, PeriodState

# Nothing is worth an entry before a lot is issued.
_FIRST = f"select ledger_day(min(issued_at)) from {LOTS} l"
# Ids are of the time of posting, as far as callers' clocks agree: older partitions are left out.
_ENTERED = f"""
select min(day) from (
    select coalesce(t.posted_on, (t.posted_at at time zone b.time_zone)::date) as day
    from {TRANSFERS} t cross join ledger_books b
    where t.posted_at >= (%(through)s::date + 1)::timestamp at time zone b.time_zone
        and t.id >= ledger_id_floor(%(through)s::date - interval '2 days')
) x
where day > %(through)s
"""


def today() -> date:
    """In the provider's time zone, by the ledger's clock."""
    day: date = value("select ledger_day(ledger_now())")
    return day


def closed_through() -> date | None:
    """The last day of the last closed month."""
    day: date | None = value("select closed_through from ledger_books")
    return day


def require_open(day: date) -> None:
    """Raises PeriodClosed."""
    through = closed_through()
    if through is not None and day <= through:
        raise PeriodClosed


def first_unclosed(month: date) -> date | None:
    """The first month up to this one that has entries and is not closed."""
    through = closed_through()
    found: date | None = value(_ENTERED, {"through": through}) if through else value(_FIRST)
    first = found and found.replace(day=1)
    return first if first and first <= month else None


def next_to_close() -> date | None:
    """The first month that is over, has entries and is not closed."""
    return first_unclosed((today().replace(day=1) - timedelta(days=1)).replace(day=1))


@transaction.atomic
def begin_close(month: date) -> Period:
    """Raises CloseOutOfOrder: an earlier month has entries and is open, or this one is closed."""
    locks.books()
    through = closed_through()
    if through is not None and month <= through:
        raise CloseOutOfOrder(f"{month:%Y-%m} is closed already.")
    first = first_unclosed(month)
    if first is not None and first < month:
        raise CloseOutOfOrder(f"{first:%Y-%m} comes first: it has entries and is open.")
    period, _ = Period.objects.get_or_create(month=month)
    if period.state != PeriodState.CLOSING:
        period.state = PeriodState.CLOSING
        period.save(update_fields=["state"])
    return period


@transaction.atomic
def reopen(month: date, *, reason: str, by: User | None, approved_by: User | None) -> Period:
    """The last closed month is open again. Two people do it: who asks does not approve. Raises
    NotClosed."""
    locks.books()
    period = Period.objects.select_for_update().filter(month=month).first()
    if period is None or period.state != PeriodState.CLOSED:
        raise NotClosed(f"{month:%Y-%m} is not closed.")
    if closed_through() != last_day(month):
        raise NotClosed("A later month is closed: reopen that one first.")
    if not reason.strip():
        raise NotClosed("Say why it is reopened.")
    if by is not None and by == approved_by:
        raise NotClosed("Somebody else must approve.")
    period.state = PeriodState.REOPENED
    period.reopened_at = value("select ledger_now()")
    period.reopened_by, period.approved_by, period.reason = by, approved_by, reason
    period.save()
    set_closed(_before(month), closing=None)
    return period


def set_closed(through: date | None, *, closing: date | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_close_books(%s, %s)", [through, closing])


def _before(month: date) -> date | None:
    """Until when the books were closed before this month was."""
    earlier = Period.objects.filter(month__lt=month, state=PeriodState.CLOSED).order_by("-month")
    last = earlier.first()
    return last_day(last.month) if last else None
