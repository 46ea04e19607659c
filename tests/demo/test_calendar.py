"""When the customers of the past called."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from config.demo.customers import PROFILES, Temper
from config.demo.history.calendar import Burst, arrival, bursts
from config.demo.history.calls import Caller

UNTIL = datetime(2026, 11, 20, 10, 41, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=100)


def made(temper: Temper) -> list[Burst]:
    profile = next(one for one in PROFILES if one.temper is temper)
    caller = Caller(UUID(int=1), profile, UUID(int=2), 1, "203.0.113.10")
    return list(bursts(caller, arrival(profile, SINCE, UNTIL), UNTIL, Random(1)))


def test_more_on_working_days() -> None:
    calls: Counter[int] = Counter()
    for burst in made(Temper.STEADY):
        calls[burst.hour.weekday()] += burst.calls
    assert min(calls[day] for day in range(5)) > 2 * max(calls[5], calls[6]) > 0


def test_most_at_noon_and_none_before_a_customer_came() -> None:
    found = made(Temper.STEADY)
    hours = Counter(burst.hour.hour for burst in found)
    assert max(hours, key=hours.__getitem__) in range(8, 18)
    assert min(burst.hour for burst in found).date() == SINCE.date() + timedelta(days=1)
    assert all(not burst.hour.minute for burst in found)


def test_more_from_month_to_month() -> None:
    middle = SINCE + (UNTIL - SINCE) / 2
    early = sum(burst.calls for burst in made(Temper.STEADY) if burst.hour < middle)
    late = sum(burst.calls for burst in made(Temper.STEADY) if middle <= burst.hour < UNTIL)
    assert late > 1.15 * early


def test_some_burst_and_others_do_not() -> None:
    assert max(burst.calls for burst in made(Temper.BURSTING)) > 6
    assert max(burst.calls for burst in made(Temper.STEADY)) <= 3
