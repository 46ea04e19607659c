"""The days that a page is asked for: UTC days, as the API counts them, both ends included."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from django.http import QueryDict
from django.utils.dateparse import parse_date

from accounts.models import Customer
from ledger import selectors
from ledger.periods import Period

DEFAULT: Final = 30
LONGEST: Final = 366
_DAY: Final = timedelta(days=1)
FIRST: Final = date(2000, 1, 1)

WRONG_ORDER: Final = "The last day is before the first."
TOO_LONG: Final = f"Ask for {LONGEST} days at most."
NO_DATE: Final = "Give both days, each as a date such as 2026-11-21."


class Preset(NamedTuple):
    name: str
    query: str
    is_current: bool


class Days(NamedTuple):
    """`error` says what was wrong with those asked for, in the place of which these are shown."""

    first: date
    last: date
    today: date
    error: str = ""

    @property
    def period(self) -> Period:
        return Period(_begin(self.first), _begin(self.last + _DAY))

    @property
    def all(self) -> list[date]:
        return [self.first + _DAY * number for number in range((self.last - self.first).days + 1)]

    @property
    def query(self) -> str:
        return f"from={self.first}&to={self.last}"

    @property
    def begin(self) -> datetime:
        """When the last of them begins; a page says it by the company's clocks, too."""
        return _begin(self.last)

    @property
    def presets(self) -> list[Preset]:
        today, month = self.today, self.today.replace(day=1)
        known = {
            "Today": (today, today),
            "7 days": (today - 6 * _DAY, today),
            "30 days": (today - 29 * _DAY, today),
            "90 days": (today - 89 * _DAY, today),
            "This month": (month, today),
            "Last month": ((month - _DAY).replace(day=1), month - _DAY),
        }
        return [
            Preset(name, f"from={first}&to={last}", (first, last) == (self.first, self.last))
            for name, (first, last) in known.items()
        ]


def asked(query: QueryDict, customer: Customer) -> Days:
    """`from` and `to`; the last 30 days by the customer's clock where nothing is said, or what is
    said makes no sense."""
    today = selectors.now(customer.id).astimezone(UTC).date()
    usual = Days(today - (DEFAULT - 1) * _DAY, today, today)
    if not query.get("from") and not query.get("to"):
        return usual
    first, last = _date(query.get("from", "")), _date(query.get("to", ""))
    if first is None or last is None:
        return usual._replace(error=NO_DATE)
    if last < first:
        return usual._replace(error=WRONG_ORDER)
    if (last - first).days >= LONGEST:
        return usual._replace(error=TOO_LONG)
    return Days(first, last, today)


def _date(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and FIRST <= found <= date(9000, 1, 1) else None


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
