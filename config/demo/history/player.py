"""Goes through the months, hour by hour, and lets the core do what was done in them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from config.demo.history.calendar import DAY, HOUR, Burst, arrival, bursts, whole_hour
from config.demo.history.calls import Caller, PastCall, end, reserve
from config.demo.history.clock import move_to
from config.demo.history.diary import Diary
from ledger.errors import Refused
from ledger.operations import Operation, Result
from ledger.prices.pricing import Price
from ledger.services import apply

RESTOCK_EVERY = 30 * DAY
CAMPAIGN_EVERY = 45 * DAY
CAMPAIGN_HOUR = 8
LONGEST_CALL_SECONDS = 6


class Player:
    def __init__(self, callers: Sequence[Caller], prices: Sequence[Price], chance: Random) -> None:
        self._callers = callers
        self._prices = {price.endpoint: price for price in prices}
        self._chance = chance
        self._diary = Diary(chance)

    def play(self, since: datetime, until: datetime) -> None:
        by_hour = self._plan(since, until)
        for hour in _hours(since, until - HOUR):
            if entries := self._diary.entries(hour):
                at = hour + self._some_minutes(0, 20)
                move_to(at)
                _done([entry(at) for entry in entries])
            if bursts := by_hour.get(hour):
                self._call(hour, bursts)

    def open(self, now: datetime) -> None:
        """No history: all customers arrive now."""
        for caller in self._callers:
            self._diary.arrive(caller, now)
        _done([entry(now) for entry in self._diary.entries(now)])

    def _plan(self, since: datetime, until: datetime) -> dict[datetime, list[Burst]]:
        by_hour: dict[datetime, list[Burst]] = defaultdict(list)
        for caller in self._callers:
            arrived = arrival(caller.profile, since, until)
            self._diary.arrive(caller, arrived)
            for midnight in _every(DAY, whole_hour(arrived, 0), until):
                self._diary.expire(caller, midnight)
            if caller.profile.restocks:
                for hour in _every(RESTOCK_EVERY, arrived, until):
                    self._diary.restock(caller, hour)
            for hour in _every(CAMPAIGN_EVERY, whole_hour(since, CAMPAIGN_HOUR), until):
                if hour > arrived:
                    self._diary.campaign(caller, hour)
            for burst in bursts(caller, arrived, until, self._chance):
                by_hour[burst.hour].append(burst)
        return by_hour

    def _call(self, hour: datetime, bursts: Sequence[Burst]) -> None:
        at = hour + self._some_minutes(20, 55)
        calls = [self._reserve(burst.caller, at) for burst in bursts for _ in range(burst.calls)]
        move_to(at)
        held = apply([call.reserve for call in calls])
        at += timedelta(seconds=self._chance.uniform(0.2, LONGEST_CALL_SECONDS))
        ends = []
        for call, answer in zip(calls, held, strict=True):
            self._diary.top_up(call.caller, hour, answer)
            if answer.ok and (settled := end(call, answer, at, self._chance)):
                ends.append((call.caller, settled))
        move_to(at)
        for (caller, _), answer in zip(ends, _done([op for _, op in ends]), strict=True):
            self._diary.perhaps_reverse(caller, hour, answer)

    def _reserve(self, caller: Caller, at: datetime) -> PastCall:
        mix = caller.profile.mix
        (endpoint,) = self._chance.choices(list(mix), list(mix.values()))
        return reserve(caller, self._prices[endpoint], at, self._chance)

    def _some_minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self._chance.uniform(least, most))


def _done(operations: Sequence[Operation]) -> list[Result]:
    """Their answers. Raises Refused: none of these may be."""
    answers = apply(operations) if operations else []
    for answer in answers:
        if not answer.ok:
            raise Refused(answer)
    return answers


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    return _every(HOUR, whole_hour(since, 0), until)


def _every(step: timedelta, since: datetime, until: datetime) -> Iterator[datetime]:
    instant = since + step
    while instant < until:
        yield instant
        instant += step
