"""Sums of usage beside the calls, as one statement each has them."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection, connections

from accounts.ids import uuid7
from ledger import checks
from tests.factories.ledger import Book

DAY = timedelta(days=1)
HIGHEST = UUID(int=2**128 - 1)
HOUR = timedelta(hours=1)
OUTCOMES = (None, "success", "client_error", "partial")
KEYS = (None, uuid7(), uuid7())

PLAIN = """
select (created_at at time zone 'UTC')::date as day, price_id, api_key_id, outcome,
    case when committed > 0 or state in ('committed', 'reversed') then 'committed' else state end,
    count(*), sum(committed - reversed)::bigint
from ledger_reservation
where customer_id = %(customer)s and created_at >= %(from)s and created_at < %(to)s
group by 1, 2, 3, 4, 5
"""
SUMMED = """
select * from ledger_usage(
    %(customer)s, %(from)s, %(to)s, '{day,price_id,api_key_id,outcome,state}')
"""
# One statement has one snapshot, in which both must be the same.
DIFFERENCE = f"""
with plain as ({PLAIN}), summed as ({SUMMED})
(select 'missing', * from (table plain except all table summed) x)
union all (select 'too much', * from (table summed except all table plain) x)
"""


def fields(random: Random) -> dict[str, Any]:
    return {"api_key_id": random.choice(KEYS), "outcome": random.choice(OUTCOMES)}


def rows(sql: str, parameters: Any, *, using: str = "default") -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def difference(book: Book, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    """What the sums of a time have otherwise than its calls."""
    return rows(DIFFERENCE, {"customer": book.customer_id, "from": start, "to": end})


def step(book: Book, at_most: int = 1000, *, using: str = "owner") -> int:
    """Sums all calls that were made until now. To be asked for where the database makes the ids:
    then nobody is given one of before. (What the service does stays 25 hours behind.)"""
    time.sleep(0.003)  # what was called a moment ago is of another millisecond
    ((moment,),) = rows("select ledger_quiet_moment(%s)", [book.customer_id], using=using)
    # The floor of an instant is the nearest millisecond.
    return sum_below(book, _floor(moment - timedelta(milliseconds=1)), at_most, using=using)


def sum_below(book: Book, below: UUID, at_most: int = 1000, *, using: str = "owner") -> int:
    statement = "select ledger_sum_calls_below(%s, %s, %s)"
    ((added,),) = rows(statement, [book.customer_id, below, at_most], using=using)
    return added


def summed_calls(book: Book) -> int:
    statement = "select coalesce(sum(calls), 0) from ledger_usage_day where customer_id = %s"
    return int(rows(statement, [book.customer_id])[0][0])


def findings(book: Book) -> Sequence[str]:
    """The checks of sums that fail."""
    found = checks.run(connection, [book.customer_id])
    names = [finding.check.name for finding in found if finding.broken]
    return [name for name in names if name.startswith("usage")]


def dated(at: datetime) -> dict[str, Any]:
    """The key of a caller whose clock is at that time."""
    late = uuid7().int & ((1 << 80) - 1)
    key = UUID(int=int(at.timestamp() * 1000) << 80 | late)
    return {"key": key, "key_is_id": True, "request": 1}


def _floor(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)
