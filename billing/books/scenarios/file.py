"""A scenario's file, read and checked before anything is played."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from billing.books.scenarios import fields, shapes
from billing.books.scenarios.fields import Field
from billing.books.scenarios.loader import Loader
from billing.books.scenarios.settings import Settings, read_settings

DEFAULT_CURRENCY = "USD"
# Beside an event, for people.
_ASIDE = {"at", "note"}


class Mistaken(Exception):
    """The file is no scenario; every mistake is a line."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


@dataclass(frozen=True)
class Event:
    """`fields` are as their readers mean them, those that are absent None. Credits are
    micro-credits, amounts of money decimal strings."""

    number: int
    at: datetime
    kind: str
    fields: Any

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def clock(self) -> datetime:
        """A month that is closed on its last day is closed when that is over."""
        tomorrow = self.day + timedelta(days=1)
        if self.kind == "close" and tomorrow.day == 1 and self.fields == self.day.replace(day=1):
            return fields.instant(tomorrow)
        return self.at


@dataclass(frozen=True)
class Scenario:
    title: str
    currency: str
    settings: Settings
    events: list[Event] = field(default_factory=list)


def load(path: Path) -> Scenario:
    """Raises Mistaken, OSError."""
    try:
        content = yaml.load(path.read_bytes(), Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Mistaken([f"This is no YAML: {error}"]) from None
    return read(content)


def read(content: Any) -> Scenario:
    """Raises Mistaken."""
    if not isinstance(content, dict):
        raise Mistaken(["A scenario has the fields title, unit, settings and events."])
    known = {"title", "unit", "settings", "events", "note"}
    mistakes = [f"There is no field {name} in a scenario." for name in content if name not in known]
    currency = _currency(content.get("unit"), mistakes)
    settings = read_settings(content.get("settings"), mistakes)
    events = _events(content.get("events"), mistakes)
    if mistakes:
        raise Mistaken(mistakes)
    return Scenario(str(content.get("title") or ""), currency, settings, events)


def _currency(unit: Any, mistakes: list[str]) -> str:
    if unit is None:
        return DEFAULT_CURRENCY
    given = unit.get("currency") if isinstance(unit, dict) and set(unit) <= {"currency"} else None
    try:
        return fields.currency(given)
    except ValueError:
        mistakes.append("unit: {currency: USD} names a currency, and nothing else.")
        return DEFAULT_CURRENCY


def _events(given: Any, mistakes: list[str]) -> list[Event]:
    if not isinstance(given, list):
        mistakes.append("events are a list, and this has none.")
        return []
    events = [_event(number, line, mistakes) for number, line in enumerate(given, 1)]
    found = [event for event in events if event is not None]
    mistakes += _named_twice(found)
    return found


def _event(number: int, line: Any, mistakes: list[str]) -> Event | None:
    kinds = [key for key in line if key not in _ASIDE] if isinstance(line, dict) else []
    if len(kinds) != 1 or kinds[0] not in shapes.EVENTS:
        known = ", ".join(shapes.EVENTS)
        mistakes.append(f"event {number}: one of {known}, not {', '.join(map(str, kinds)) or line}")
        return None
    kind = str(kinds[0])
    at, wrong = _at(line.get("at"))
    found, more = _fields(kind, line[kind])
    mistakes += [f"event {number} ({kind}): {mistake}" for mistake in wrong + more]
    return None if at is None else Event(number, at, kind, found)


def _at(value: Any) -> tuple[datetime | None, list[str]]:
    if value is None:
        return None, ["at is missing"]
    try:
        return fields.instant(value), []
    except ValueError as error:
        return None, [f"at: {error}"]


def _fields(kind: str, value: Any) -> tuple[Any, list[str]]:
    shape = shapes.EVENTS[kind]
    if isinstance(shape, Field):
        try:
            return shape.read(value), []
        except ValueError as error:
            return None, [str(error)]
    if not isinstance(value, dict):
        return None, [f"{value!r} has no fields"]
    found, mistakes = shapes.check(shape, value)
    return found, mistakes or shapes.combined(kind, found)


def _named_twice(events: list[Event]) -> list[str]:
    """Purchases, grants and lots of adjustments have one set of names, reservations another."""
    mistakes = []
    for kinds in (("purchase", "grant", "adjust"), ("reserve", "commit")):
        named = [e for e in events if e.kind in kinds and e.fields and e.fields.get("id")]
        times = Counter(event.fields["id"] for event in named)
        for event in named:
            if times[event.fields["id"]] > 1:
                mistakes.append(
                    f"event {event.number} ({event.kind}): id {event.fields['id']} is used twice"
                )
    return mistakes
