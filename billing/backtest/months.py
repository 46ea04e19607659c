"""What a customer's month has had of an endpoint, counted over its calls in the order in which they
were made. Months are those of the customer's time zone.

A price with tiers or a quota is the same line of arithmetic between two of its bounds. So a call
that crosses none costs what the last one with its quantities cost there.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ledger.prices.pricing import CALLS, Price, Unit

_NANO: Final = 10**9

# Of each unit of a price that depends on the month, in billionths: nothing here is a float.
Amounts = Sequence[int]


class Bounds(NamedTuple):
    """Of the units of a price that depend on the month: where their free quota or a tier ends."""

    names: tuple[str, ...]
    ends: tuple[Sequence[int], ...]

    @classmethod
    def of(cls, price: Price) -> "Bounds":
        units = [unit for unit in price.units if unit.depends_on_month]
        return cls(tuple(unit.name for unit in units), tuple(map(_ends, units)))

    def amounts(self, quantities: Mapping[str, str]) -> Amounts:
        """Of a call, which has one of `calls`."""
        told = {**quantities, CALLS: "1"}
        return [_nanos(told.get(name, "0")) for name in self.names]

    def between(self, had: Amounts, more: Amounts) -> tuple[int, ...] | None:
        """Which of the bounds it lies between; None where it crosses one."""
        found = []
        for ends, start, amount in zip(self.ends, had, more, strict=True):
            place = bisect_right(ends, start)
            if place < len(ends) and start + amount > ends[place]:
                return None
            found.append(place)
        return tuple(found)

    def so_far(self, had: Amounts) -> dict[str, str]:
        return dict(zip(self.names, map(_text, had), strict=True))


class Months:
    """Of one customer."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._had: dict[tuple[int, date], list[int]] = {}
        self._month = date.min
        self._start = self._end = datetime.min.replace(tzinfo=UTC)

    def of(self, at: datetime) -> date:
        """Calls come in order, so that it is mostly the month of the last one."""
        if not self._start <= at < self._end:
            self._start = start_of(at, self._zone)
            self._end = start_of(self._start + timedelta(days=32), self._zone)
            self._month = self._start.astimezone(self._zone).date()
        return self._month

    def had(self, endpoint: int, month: date, units: int) -> list[int]:
        """To be counted on."""
        found = self._had.get((endpoint, month))
        if found is None:
            found = self._had[endpoint, month] = [0] * units
        return found


def start_of(at: datetime, zone: ZoneInfo) -> datetime:
    """When the month of an instant began."""
    first = at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first.astimezone(UTC)


def _ends(unit: Unit) -> list[int]:
    free = _nanos(unit.free)
    ends = [free + _nanos(tier.up_to) for tier in unit.tiers if tier.up_to is not None]
    return sorted({free, *ends} - {0})


def _nanos(text: str) -> int:
    whole, _, places = text.partition(".")
    return int(whole) * _NANO + int(places.ljust(9, "0"))


def _text(nanos: int) -> str:
    whole, rest = divmod(nanos, _NANO)
    return f"{whole}.{rest:09}".rstrip("0") if rest else str(whole)
