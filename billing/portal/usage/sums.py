"""Sums of usage as its page adds them up: of some days, of what is left when it is narrowed, and
with the share of calls that failed."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from accounts.models import ApiKey
from billing import figures
from billing.portal.usage.asked import Asked
from ledger import usage
from ledger.paging import ByGroup
from ledger.periods import Period
from ledger.usage import Dimension, Used

# A call that did only a part of what it is for counts as one that failed, too.
FAILED: Final = ("client_error", "server_error", "timeout", "partial")

Place = tuple[date | None, str | None, UUID | None, str | None]
Group = TypeVar("Group", bound=Hashable)


class Total(NamedTuple):
    """Calls, their micro-credits, how many of them say an outcome, and how many of these failed."""

    calls: int = 0
    amount: int = 0
    said: int = 0
    failed: int = 0

    def plus(self, used: Used) -> "Total":
        outcome = used.group.outcome
        return Total(
            self.calls + used.calls,
            self.amount + used.amount,
            self.said + (used.calls if outcome else 0),
            self.failed + (used.calls if outcome in FAILED else 0),
        )

    @property
    def error_rate(self) -> Decimal | None:
        """None: no call says how it ended."""
        return Decimal(self.failed) / self.said if self.said else None

    @property
    def error_rate_in_words(self) -> str:
        return figures.percent(self.error_rate, 1)


def rows(customer_id: UUID, period: Period, asked: Asked, by: Collection[Dimension]) -> list[Used]:
    """Grouped by these and by what the page is narrowed to."""
    narrowing = {one.dimension for one in asked.narrowed}
    found = usage.sums(customer_id, period, {*by, *narrowing})
    return [one for one in found if asked.has(one)]


def merged(rows: Iterable[Used], by: Collection[Dimension]) -> list[Used]:
    """Grouped by these only: many keys and endpoints make many rows, which are gone through once
    for each part of the page."""
    by_day, by_endpoint = Dimension.DAY in by, Dimension.ENDPOINT in by
    by_key, by_outcome = Dimension.KEY in by, Dimension.OUTCOME in by
    calls, amounts, keys = Counter[Place](), Counter[Place](), dict[Place, ApiKey | None]()
    for group, key, many, amount in rows:
        place = (
            group.day if by_day else None,
            group.endpoint if by_endpoint else None,
            group.key if by_key else None,
            group.outcome if by_outcome else None,
        )
        calls[place] += many
        amounts[place] += amount
        keys[place] = key if by_key else None
    return [
        Used(ByGroup(*place), keys[place], many, amounts[place]) for place, many in calls.items()
    ]


def total(rows: Iterable[Used]) -> Total:
    found = Total()
    for one in rows:
        found = found.plus(one)
    return found


def totals(rows: Iterable[Used], of: Callable[[Used], Group]) -> dict[Group, Total]:
    """In the order in which they are met."""
    found: dict[Group, Total] = {}
    for one in rows:
        group = of(one)
        found[group] = found.get(group, Total()).plus(one)
    return found
