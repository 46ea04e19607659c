"""When a customer called: more on working days, most at noon, more from month to month."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from config.demo.customers import Profile, Temper
from config.demo.history.calls import Caller

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ARRIVAL_HOUR = 9
WEEKEND = 5
WEEKEND_CALLS = 0.25
# On the last day there are so many more calls than on the first, in parts of the first.
GROWTH = 0.8
CALLS_AT_ONCE = 3
CALLS_IN_A_BURST = 12
# All calls of a day are in so few of its hours: each of them costs a first start a moment.
HOURS_A_DAY = 4
# By these the calls of a day are spread over its hours (UTC).
OFFICE_HOURS = (0, 0, 3, 0, 0, 0, 4, 8, 14, 18, 19, 16, 13, 16, 18, 17, 14, 9, 6, 0, 4, 0, 0, 0)


class Burst(NamedTuple):
    """So many calls of one customer in the hour that begins at `hour`."""

    hour: datetime
    caller: Caller
    calls: int


def whole_hour(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def arrival(profile: Profile, since: datetime, until: datetime) -> datetime:
    return whole_hour(until - (until - since) * profile.since, ARRIVAL_HOUR)


def bursts(caller: Caller, since: datetime, until: datetime, chance: Random) -> Iterator[Burst]:
    """From the day after `since` on; in no order."""
    days = (until - since).days
    for number in range(1, days + 2):
        day = whole_hour(since + number * DAY, 0)
        calls = caller.profile.calls_a_day * (1 + GROWTH * number / (days + 1))
        if day.weekday() >= WEEKEND:
            calls *= WEEKEND_CALLS
        yield from _of_day(caller, day, int(calls + chance.random()), chance)


def _of_day(caller: Caller, day: datetime, calls: int, chance: Random) -> Iterator[Burst]:
    bursting = caller.profile.temper is Temper.BURSTING
    hours = _busy_hours(day)
    while calls > 0:
        at_once = min(calls, chance.randint(1, CALLS_IN_A_BURST if bursting else CALLS_AT_ONCE))
        yield Burst(chance.choice(hours), caller, at_once)
        calls -= at_once


def _busy_hours(day: datetime) -> list[datetime]:
    """The same for all customers, and others on another day."""
    hours = Random(day.toordinal()).choices(range(24), OFFICE_HOURS, k=HOURS_A_DAY)
    return [day + hour * HOUR for hour in hours]
