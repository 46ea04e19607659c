"""What the transfers of all customers come to, by the hour (`sql/functions/sums.sql`). The sums are
brought up to now in the background; no debit waits for them."""

import time
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.periods import Period

# Read and summed in about a second.
TRANSACTIONS_AT_ONCE: Final = 50_000


class Sum(NamedTuple):
    """Of the transfers from one account to another: micro-credits, or minor units of the currency
    `unit`. `at` is when their hour or day began; None: they are of before all of these. `is_sale`:
    they issued lots that were sold."""

    at: datetime | None
    unit: str
    debit: str
    credit: str
    kind: str
    is_sale: bool
    amount: int

    def into(self, account: str) -> int:
        """What it added to an account whose normal side is credit."""
        return self.amount * ((self.credit == account) - (self.debit == account))


_SUMS = """
select case when hour >= %(start)s then date_trunc(%(by)s, hour, 'UTC') end, unit, debit, credit,
    kind, paid, sum(amount)
from ledger_sum_hour
where hour >= %(start)s and hour < %(end)s or hour >= %(before)s and hour < %(before_end)s
group by 1, 2, 3, 4, 5, 6
"""


def advance(*, seconds: float) -> int:
    """Goes on for about so long; how many transactions were added. Each step is a database
    transaction of its own, so that it may end anywhere and be done twice."""
    until = time.monotonic() + seconds
    added = step = _step()
    while step and time.monotonic() < until:
        step = _step()
        added += step
    return added


def complete_at() -> datetime | None:
    """All that was posted before is in the sums. None: they are still being made."""
    with connection.cursor() as cursor:
        cursor.execute("select complete_at from ledger_sums")
        found: datetime | None = cursor.fetchall()[0][0]
        return found


def sums(period: Period, before: Period, *, by: str) -> list[Sum]:
    """Of whole hours: those of the period by `hour` or UTC `day`, those before it together."""
    asked: dict[str, Any] = {
        "before": before.start,
        "before_end": before.end,
        "by": by,
    } | period._asdict()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, asked)
        return [Sum._make([*row[:-1], int(row[-1])]) for row in cursor.fetchall()]


def _step() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_sum_transfers(%s)", [TRANSACTIONS_AT_ONCE])
        return int(cursor.fetchall()[0][0] or 0)
