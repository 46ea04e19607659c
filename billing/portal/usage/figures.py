"""The figures on top of the page of usage, and what they mean in words."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from billing import shown
from billing.compared import in_words as compared_in_words
from billing.portal.days import Days
from billing.portal.usage import sums as usage_sums
from billing.portal.usage.asked import Asked
from billing.portal.usage.sums import Total
from ledger import usage
from ledger.periods import Period
from ledger.usage import Dimension, Unbilled

MEAN_OF: Final = 7  # full days
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)


class Projection(NamedTuple):
    """What a running UTC month comes to, in micro-credits: what it used so far, and for the time
    that is left as much as on the last full days."""

    month: date
    so_far: int
    a_day: int
    left: timedelta
    whole: int


class Compared(NamedTuple):
    """With the same number of days before."""

    first: date
    last: date
    before: Total
    credits: str
    calls: str
    error_rate: str


def projection(customer_id: UUID, asked: Asked, now: datetime) -> Projection | None:
    """None, where the days asked for are over."""
    today = now.astimezone(UTC).date()
    if not asked.days.first <= today <= asked.days.last:
        return None
    month, week = today.replace(day=1), today - MEAN_OF * _DAY
    period = Period(_begin(min(month, week)), _begin(today + _DAY))
    by_day = usage_sums.totals(
        usage_sums.rows(customer_id, period, asked, {Dimension.DAY}), lambda one: one.group.day
    )
    so_far = sum(one.amount for day, one in by_day.items() if day and day >= month)
    of_week = sum(one.amount for day, one in by_day.items() if day and week <= day < today)
    return projected(month, so_far, of_week, _begin(_next(month)) - now)


def projected(month: date, so_far: int, of_week: int, left: timedelta) -> Projection:
    coming = of_week * (left // _MICROSECOND) // (MEAN_OF * _DAY // _MICROSECOND)
    return Projection(month, so_far, of_week // MEAN_OF, left, so_far + coming)


def compared(customer_id: UUID, asked: Asked, now_used: Total) -> Compared:
    first, last = _before(asked.days)
    period = Period(_begin(first), _begin(last + _DAY))
    rows = usage_sums.rows(customer_id, period, asked, {Dimension.OUTCOME})
    before = usage_sums.total(rows)
    return Compared(
        first,
        last,
        before,
        compared_in_words(now_used.amount, before.amount, shown.credits(before.amount)),
        compared_in_words(now_used.calls, before.calls, f"{before.calls:,}"),
        f"{before.error_rate_in_words} before" if before.error_rate is not None else "",
    )


def unbilled(customer_id: UUID, asked: Asked) -> Unbilled | None:
    """None where the page is narrowed: of holds that were given back it is known of all only."""
    return None if asked.narrowed else usage.unbilled(customer_id, asked.days.period)


def how(projection: Projection) -> str:
    """`300 so far, and 12.5 a day for the 8.4 days that are left`."""
    tenths = projection.left * 10 // _DAY
    return (
        f"{shown.credits(projection.so_far)} so far, and {hundredths(projection.a_day)} a day"
        f" for the {tenths // 10}.{tenths % 10} days that are left"
    )


def hundredths(amount: int) -> str:
    """Of a credit: what is estimated is not more exact than that."""
    return shown.credits(round(amount, -4))


def _before(days: Days) -> tuple[date, date]:
    last = days.first - _DAY
    return last - (days.last - days.first), last


def _next(month: date) -> date:
    return (month + 31 * _DAY).replace(day=1)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
