"""How limits are said to people: whose, how much, what is used, and when it begins anew."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import ApiKey, Customer
from ledger import amounts, limits
from ledger.limits import Limit, Standing
from ledger.models import Endpoint

SOURCES: Final = {"plan": "Plan", "provider": "Provider", "customer": "Your own"}
_PERIODS: Final = {"day": "a day", "month": "a month", "lifetime": "in all"}


class Line(NamedTuple):
    source: str
    whose: str
    what: str
    used: str
    of: int  # what is used, in parts of a hundred, 100 at most
    tone: str
    resets_at: datetime | None
    resets_there: str  # by the customer's own clocks
    limit: Limit
    refuses: bool = False  # in this period it did

    @property
    def until(self) -> str:
        """When the period is over: in UTC, and by the customer's own clocks."""
        if self.resets_at is None:
            return ""
        in_utc = f"{self.resets_at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
        return in_utc if self.resets_in_utc else f"{in_utc} ({self.resets_there})"

    @property
    def resets_in_utc(self) -> bool:
        """Whether `resets_there` says it in UTC already."""
        return self.resets_there.endswith(" UTC")


def of(customer: Customer) -> list[Line]:
    """All limits in force, of the company first."""
    keys = {key.id: key.name or f"{key.prefix}…" for key in customer.api_keys.all()}
    endpoints = dict(Endpoint.objects.values_list("id", "code"))
    standings = [*limits.of(customer.id), *limits.of_each_key(customer.id)]
    return [_line(one, keys, endpoints, ZoneInfo(customer.time_zone)) for one in standings]


def whose(limit: Limit, keys: Mapping[UUID, str], endpoints: Mapping[int, str]) -> str:
    if limit.scope == "customer":
        return "The company"
    if isinstance(limit.subject, UUID):
        return f"Key {keys.get(limit.subject, '-')}"
    if limit.subject is None:
        return "Each key"
    return f"Endpoint {endpoints.get(limit.subject, '-')}"


def what(limit: Limit) -> str:
    if limit.kind == "spend":
        period = _PERIODS[limit.period or "lifetime"]
        said = (
            [f"at most {_credits(limit.hard)} credits {period}"] if limit.hard is not None else []
        )
        if limit.soft is not None:
            said.append(f"told from {_credits(limit.soft)} {period}")
        return ", ".join(said).capitalize()
    if limit.kind == "largest":
        return f"At most {_credits(limit.hard)} credits in one hold"
    if limit.kind == "holds":
        return f"At most {_many(limit.hard, 'open hold')}"
    return f"{_many(limit.burst, 'call')} in {_many(seconds(limit), 'second')}"


def seconds(limit: Limit) -> int:
    return max(-(-(limit.burst or 0) * (limit.every or 0) // 1_000_000), 1)


def keys_of(customer: Customer) -> list[ApiKey]:
    return list(customer.api_keys.filter(revoked_at=None, replaced_by=None).order_by("created_at"))


def _line(
    one: Standing, keys: Mapping[UUID, str], endpoints: Mapping[int, str], zone: ZoneInfo
) -> Line:
    limit = one.limit
    most = limit.hard if limit.hard is not None else limit.soft
    part = min(100 * one.used // max(most or 1, 1), 100) if one.used is not None else 0
    there = one.resets_at.astimezone(zone) if one.resets_at else None
    return Line(
        one.source,
        whose(limit, keys, endpoints),
        what(limit),
        _used(one),
        part,
        _tone(one),
        one.resets_at,
        f"{there:%-d %b %Y, %H:%M} {zone.key}" if there else "",
        limit,
        one.refuses,
    )


def _used(one: Standing) -> str:
    if one.used is None:
        return ""
    if one.limit.kind == "holds":
        return f"{one.used:,} of {one.limit.hard:,} open"
    most = one.limit.hard if one.limit.hard is not None else one.limit.soft
    return f"{_credits(one.used)} of {_credits(most)} used"


def _tone(one: Standing) -> str:
    if one.used is None:
        return ""
    if one.refuses or one.limit.hard is not None and one.used >= one.limit.hard:
        return "bad"
    return "warn" if one.limit.soft is not None and one.used >= one.limit.soft else "good"


def _many(number: int | None, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _credits(amount: int | None) -> str:
    whole, point, rest = amounts.show(amount or 0).partition(".")
    return f"{int(whole):,}{point}{rest}"
