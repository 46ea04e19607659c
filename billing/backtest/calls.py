"""Past calls, customer by customer and in the order in which they were made: those that took
credits, or would have if they had cost something."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from billing.books.rows import value
from ledger import periods
from ledger.periods import Ids, Period

CHUNK: Final = 5000


class Terms(NamedTuple):
    """What decides the price of a call. Calls with the same of it cost the same, so that each of
    these is worked out once. Quantities are JSON as the database has it."""

    price_id: int | None
    quantities: str | None
    used_quantities: str | None
    so_far: str | None
    outcome: str | None
    overrun: str
    amount: int
    committed: int
    uncollected: int
    reversed: int
    calls: int  # that it stands for


class Call(NamedTuple):
    customer_id: UUID
    created_at: datetime
    lots: str | None  # one, or all of them
    used: str | None  # of each, where there are several
    terms: tuple[Any, ...]  # of Terms, which would cost as much again to make


_SELECT: Final = """
select c.customer_id, c.created_at,
    case cardinality(c.lots) when 1 then c.lots[1]::text else c.lots::text end,
    case when cardinality(c.lots) > 1 then c.used::text end,
    c.price_id, c.quantities::text, c.used_quantities::text, c.so_far::text, c.outcome, c.overrun,
    c.amount, c.committed, c.uncollected, c.reversed, coalesce(c.calls, 1)
"""
_FROM: Final = """
from ledger_call c
where (c.committed > 0 or c.state in ('committed', 'reversed'))
    and c.created_at >= %(start)s and c.created_at < %(end)s
    and c.id >= %(lowest)s and c.id < %(above)s
    and c.customer_id <> all(%(without)s)
"""
_ORDER: Final = "order by c.customer_id, c.id"
_EVERY: Final = Ids(UUID(int=0), UUID(int=2**128 - 1))


def count(period: Period, without: Sequence[UUID]) -> int:
    return int(value(f"select count(*) {_FROM}", _parameters(period, without)))


def stream(period: Period, without: Sequence[UUID]) -> Iterator[Call]:
    """From a cursor of the server, so that it does not matter how many there are."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_SELECT + _FROM + _ORDER, _parameters(period, without))
        while chunk := cursor.fetchmany(CHUNK):
            for row in chunk:
                yield Call(row[0], row[1], row[2], row[3], row[4:])


def _parameters(period: Period, without: Sequence[UUID]) -> dict[str, Any]:
    ids = periods.ids_of(period) or _EVERY
    times = {"start": period.start, "end": period.end}
    return {**times, **ids._asdict(), "without": list(without)}
