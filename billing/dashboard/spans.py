"""The times that the dashboard looks at, each beside the one before it. UTC, by whole hours: the
hour that is not over is the last."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ledger.periods import Period

LENGTHS: Final = (1, 7, 30, 90)  # days
USUAL: Final = 7
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


class Span(NamedTuple):
    """24 hours, or so many UTC days of which today is the last. `before` is as long, and ends as
    many days ago at the same time of the day."""

    days: int
    now: datetime
    period: Period
    before: Period

    @property
    def by(self) -> str:
        return "hour" if self.days == 1 else "day"

    @property
    def parts(self) -> list[datetime]:
        """When its hours or days begin."""
        step = _HOUR if self.days == 1 else _DAY
        number = 24 if self.days == 1 else self.days
        return [self.period.start + step * one for one in range(number)]


def of(days: int, now: datetime) -> Span:
    now = now.astimezone(UTC)
    end = now.replace(minute=0, second=0, microsecond=0) + _HOUR
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - _DAY if days == 1 else today - (days - 1) * _DAY
    back = timedelta(days=days)
    return Span(days, now, Period(start, end), Period(start - back, end - back))
