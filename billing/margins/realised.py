"""What was left of the calls of a period, in one statement over the call log.

A call counts on the day on which it was made, with what it costs by now: a reversal makes that
day's figures smaller, as in every list of usage. It earns what its credits cost, lot by lot, and
costs what its endpoint does, whether it was billed or not; a call that was released or ran out was
not made, unless its outcome is known.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from moneyed import CURRENCIES, get_currency

from billing.books.errors import RateMissing
from billing.books.rows import rows, value
from billing.margins.realised_sql import MARGINS
from billing.models import Policy
from ledger import selectors

ZERO: Final = Decimal(0)
_MEMORY = "set local work_mem = '128MB'"


class Line(NamedTuple):
    """Of an endpoint or of a customer; of what has none, `of` is None. Money is in whole units of
    the report's currency, credits are micro-credits. `quantity` is the sum of each named one."""

    of: int | UUID | None
    calls: int
    credits: int
    revenue: Decimal
    share: Decimal
    cost: Decimal

    @property
    def net(self) -> Decimal:
        return self.revenue - self.share

    @property
    def margin(self) -> Decimal:
        return self.net - self.cost

    @property
    def part(self) -> Decimal | None:
        """Of what is left for us; nothing of nothing."""
        return self.margin / self.net if self.net else None

    def is_under(self, target: Decimal) -> bool:
        """What costs and earns nothing is under any."""
        return self.margin < target * self.net or (not self.net and self.cost > 0)


class Margins(NamedTuple):
    """`quantities` are what calls of an endpoint had on average, by its id and their name."""

    currency: str
    endpoints: list[Line]
    customers: list[Line]
    quantities: dict[tuple[int, str], Decimal]


class _Found(NamedTuple):
    kind: str  # endpoint, customer or quantity
    endpoint: int | None
    customer: UUID | None
    name: str | None  # a currency; of a quantity, its own
    calls: int
    credits: int
    amounts: tuple[Decimal, ...]  # revenue, share, cost
    converted: tuple[Decimal, ...]
    missing: str | None


def realised(start: date, end: date) -> Margins:
    """From the first day to the last, in the time zone of the books. Raises RateMissing."""
    zone = ZoneInfo(value("select time_zone from ledger_books"))
    first, after = (datetime.combine(day, time(), zone) for day in (start, end + timedelta(days=1)))
    return realised_between(first, after)


def realised_between(start: datetime, end: datetime) -> Margins:
    """Of the calls made before the end. In the currency that all is in; where there are several, in
    the functional one, at the rate of the day of the sale and of the call. Raises RateMissing."""
    functional = Policy.current().functional_currency
    found = _ask(start, end, functional)
    said = [one for one in found if one.kind != "quantity"]
    currencies = {one.name for one in said if one.name}
    several = len(currencies) > 1
    if several:
        _require_rates(said, functional)
    return Margins(
        functional if several or not currencies else min(currencies),
        _lines((one for one in said if one.kind == "endpoint"), several),
        _lines((one for one in said if one.kind == "customer"), several),
        {
            (one.endpoint, one.name): one.amounts[0] / one.calls
            for one in found
            if one.kind == "quantity" and one.endpoint and one.name and one.calls
        },
    )


@transaction.atomic
def _ask(start: datetime, end: datetime, functional: str) -> list[_Found]:
    # Ids are of the time of the call, as far as callers' clocks agree and ours is not moved.
    by_id = not value("select shift <> '0' from ledger_clock")
    asked = {
        "start": start,
        "end": end,
        "lowest": selectors.lowest_id(start - selectors.IDS_LAG) if by_id else UUID(int=0),
        "highest": selectors.lowest_id(end + selectors.IDS_LAG) if by_id else UUID(int=2**128 - 1),
        "to": functional,
        "currencies": list(CURRENCIES),
        "sub_units": [get_currency(code).sub_unit for code in CURRENCIES],
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEMORY)
    return [
        _Found(
            kind, endpoint, customer, name, calls, credits, tuple(row[:3]), tuple(row[3:6]), row[6]
        )
        for kind, endpoint, customer, name, calls, credits, *row in rows(MARGINS, asked)
    ]


def _require_rates(found: Iterable[_Found], functional: str) -> None:
    missing = min((one.missing for one in found if one.missing), default=None)
    if missing is not None:
        currency, day = missing.split(" ")
        raise RateMissing(f"There is no rate from {currency} to {functional} of {day} or before.")


def _lines(found: Iterable[_Found], converted: bool) -> list[Line]:
    """The biggest first. Calls are told apart from currencies: they count once."""
    lines: dict[int | UUID | None, Line] = {}
    for one in found:
        of = one.endpoint if one.kind == "endpoint" else one.customer
        before = lines.get(of, Line(of, 0, 0, ZERO, ZERO, ZERO))
        amounts = one.converted if converted else one.amounts
        lines[of] = Line(
            of,
            before.calls + one.calls,
            before.credits + one.credits,
            *(was + more for was, more in zip(before[3:], amounts, strict=True)),
        )
    return sorted(lines.values(), key=lambda line: (-line.net, -line.cost, str(line.of)))
