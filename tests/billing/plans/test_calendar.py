"""Periods in the customer's time zone: month ends, and clocks that are put forward and back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Customer
from billing.models import Plan, Subscription
from billing.plans import calendar


def subscription(zone: str, anchor: date) -> Subscription:
    return Subscription(customer=Customer(time_zone=zone), plan=Plan(), anchored_on=anchor)


def test_the_31st_is_a_month_s_last_day() -> None:
    one = subscription("UTC", date(2031, 1, 31))
    days = [calendar.boundary(one, period).date() for period in range(1, 15)]
    assert days[:4] == [date(2031, 1, 31), date(2031, 2, 28), date(2031, 3, 31), date(2031, 4, 30)]
    # The anchor is never lost by a short month; leap years have their day.
    assert days[12:] == [date(2032, 1, 31), date(2032, 2, 29)]


@pytest.mark.parametrize(
    ("zone", "starts"),
    [
        # Winter, summer and winter time again.
        ("Europe/Berlin", ["2031-03-29T23:00", "2031-04-29T22:00"]),
        ("America/New_York", ["2031-03-30T04:00", "2031-04-30T04:00"]),
        ("Asia/Kolkata", ["2031-03-29T18:30", "2031-04-29T18:30"]),
        ("Pacific/Kiritimati", ["2031-03-29T10:00", "2031-04-29T10:00"]),
    ],
)
def test_a_period_begins_at_midnight_there(zone: str, starts: list[str]) -> None:
    one = subscription(zone, date(2031, 3, 30))
    found = [calendar.boundary(one, period) for period in (1, 2)]
    assert [f"{start:%Y-%m-%dT%H:%M}" for start in found] == starts
    assert all(start.tzinfo is UTC for start in found)
    assert [calendar.day_of(start, one.customer).day for start in found] == [30, 30]


def test_where_midnight_is_skipped_it_is_the_instant_after() -> None:
    """In Santiago clocks go from 24:00 to 01:00."""
    one = subscription("America/Santiago", date(2024, 8, 8))
    start = calendar.boundary(one, 2)
    assert start.astimezone(ZoneInfo("America/Santiago")) == datetime(
        2024, 9, 8, 1, tzinfo=ZoneInfo("America/Santiago")
    )


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]
)
@pytest.mark.parametrize("day", [1, 15, 28, 29, 30, 31])
def test_periods_follow_each_other_without_a_gap(zone: str, day: int) -> None:
    one = subscription(zone, date(2031, 1, day))
    starts = [calendar.boundary(one, period) for period in range(1, 50)]
    lengths = [after - before for before, after in zip(starts, starts[1:], strict=False)]
    assert all(timedelta(days=27) < length < timedelta(days=32) for length in lengths)


def test_a_term_is_so_many_periods() -> None:
    one = subscription("Europe/Berlin", date(2031, 8, 31))
    found = calendar.committed_until(Plan(term_months=6), one)
    assert found == datetime(2032, 2, 28, 23, tzinfo=UTC)


def test_a_plan_that_lasts_so_many_days_ends_at_midnight() -> None:
    customer = Customer(time_zone="Europe/Berlin")
    since = datetime(2031, 3, 29, 15, tzinfo=UTC)
    found = calendar.until(Plan(lasts_days=2), since, customer)
    assert found == datetime(2031, 3, 30, 22, tzinfo=UTC)
