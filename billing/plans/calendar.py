"""Periods: months in the customer's time zone, from the anchor's day on, at midnight there. Where a
month does not have that day, its last one."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Customer
from billing.models import Plan, Subscription


def zone_of(customer: Customer) -> ZoneInfo:
    return ZoneInfo(getattr(customer, "time_zone", "") or "UTC")


def day_of(instant: datetime, customer: Customer) -> date:
    return instant.astimezone(zone_of(customer)).date()


def last_day_before(instant: datetime, customer: Customer) -> date:
    return day_of(instant - timedelta(microseconds=1), customer)


def months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where a clock is put forward at midnight, the instant at which it is."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def boundary(subscription: Subscription, period: int) -> datetime:
    """When this period begins, and the one before it ends."""
    months = period - subscription.anchored_period
    day = months_after(subscription.anchored_on, months)
    return midnight(day, zone_of(subscription.customer))


def end_of_period(subscription: Subscription) -> datetime:
    """A plan that lasts so many days may end it sooner."""
    end = boundary(subscription, subscription.period + 1)
    until = subscription.plan_until
    return min(end, until) if until else end


def until(plan: Plan, since: datetime, customer: Customer) -> datetime | None:
    """A day is not over before midnight."""
    if plan.lasts_days is None:
        return None
    zone = zone_of(customer)
    return midnight(since.astimezone(zone).date() + timedelta(days=plan.lasts_days), zone)


def committed_until(plan: Plan, subscription: Subscription) -> datetime | None:
    """Its term is counted in periods, the present one included."""
    if not plan.term_months:
        return None
    return boundary(subscription, subscription.period + plan.term_months)
