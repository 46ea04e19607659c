"""The time that a statement is asked for: between two instants, or one. UTC. A day without a time
is its beginning, and as the last one it is whole. Of what makes no sense it is said so."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time

from ledger.periods import Period

DEFAULT: Final = timedelta(days=30)
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)

NO_TIME: Final = "Give a date such as 2026-11-21 and, if you like, a time such as 10:30."
WRONG_ORDER: Final = "The end is before the beginning, or at the same instant."
IN_FUTURE: Final = "That is in the future: nobody knows that balance yet."
BEGINS_IN_FUTURE: Final = "The beginning is in the future."
UNTIL_NOW: Final = "The end is in the future: this goes up to now."


class Preset(NamedTuple):
    name: str
    query: str
    is_current: bool


class Times(NamedTuple):
    """`error` says what was wrong with the time asked for, in the place of which this is; `note`,
    what else there is to say of it."""

    period: Period
    now: datetime
    query: str
    error: str = ""
    note: str = ""

    @property
    def presets(self) -> list[Preset]:
        today = self.now.astimezone(UTC).date()
        month = today.replace(day=1)
        before = (month - _DAY).replace(day=1)
        known = {
            "Today": {"from": today},
            "7 days": {"from": today - 6 * _DAY},
            "30 days": {},
            "This month": {"from": month},
            "Last month": {"from": before, "to": month - _DAY},
            "All": {"from": FIRST.date()},
        }
        queries = {name: urlencode(asked) for name, asked in known.items()}
        return [Preset(name, query, query == self.query) for name, query in queries.items()]


class Instant(NamedTuple):
    """None where `error` says what was wrong."""

    at: datetime | None
    error: str = ""


def asked(query: QueryDict, now: datetime) -> Times:
    """`from` and `to`, with `from_time` and `to_time`; the last 30 days where nothing is said."""
    fields = ("from", "from_time", "to", "to_time")
    said = {field: query[field] for field in fields if query.get(field)}
    usual = Times(Period(now - DEFAULT, now), now, "")
    try:
        start = _read(query, "from", last=False) or now - DEFAULT
        end = _read(query, "to", last=True) or now
    except ValueError:
        return usual._replace(error=NO_TIME)
    if start >= end:
        return usual._replace(error=WRONG_ORDER)
    if start >= now:
        return usual._replace(error=BEGINS_IN_FUTURE)
    # Today goes on: that it is not over needs no word.
    note = UNTIL_NOW if end > now and end.date() > now.date() + _DAY else ""
    return Times(Period(start, min(end, now)), now, urlencode(said), note=note)


def asked_at(query: QueryDict, now: datetime) -> Instant:
    """`at` and `at_time`; now where nothing is said."""
    try:
        instant = _read(query, "at", last=False)
    except ValueError:
        return Instant(None, NO_TIME)
    if instant and instant > now:
        return Instant(None, IN_FUTURE)
    return Instant(instant or now)


def _read(query: QueryDict, field: str, *, last: bool) -> datetime | None:
    """Raises ValueError for nonsense."""
    day, clock = query.get(field, "").strip(), query.get(f"{field}_time", "").strip()
    if not day and not clock:
        return None
    on, at = parse_date(day), parse_time(clock) if clock else time()
    if on is None or at is None or at.tzinfo or not FIRST.date() <= on <= date(9000, 1, 1):
        raise ValueError(day)
    return datetime.combine(on, at, UTC) + (_DAY if last and not clock else timedelta(0))
