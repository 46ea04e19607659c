"""Sums of usage, which are brought up to yesterday in the background (`sql/functions/usage.sql`).

Small steps: who reverses a call waits for one at most, and who spends for none.
"""

import time
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

# So few calls are read about as fast as their sums.
WORTH_SUMMING: Final = 1000
# Read and summed in less than a tenth of a second.
CALLS_AT_ONCE: Final = 20_000


def advance(*, seconds: float) -> int:
    """Goes on for about so long, customer by customer; how many calls were added. Each step is a
    database transaction of its own, so that it may end anywhere and be done twice."""
    until = time.monotonic() + seconds
    added = 0
    for customer_id in _due():
        if time.monotonic() >= until:
            break
        added += _catch_up(customer_id, until)
    return added


def _catch_up(customer_id: UUID, until: float) -> int:
    added = step = _step(customer_id)
    while step == CALLS_AT_ONCE and time.monotonic() < until:
        step = _step(customer_id)
        added += step
    return added


def _due() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_customers_to_sum(%s)", [WORTH_SUMMING])
        return [customer_id for (customer_id,) in cursor.fetchall()]


def _step(customer_id: UUID) -> int:
    """Two statements: the first has the wallet's lock for as long as it takes to read a clock."""
    with connection.cursor() as cursor:
        cursor.execute("select ledger_quiet_moment(%s)", [customer_id])
        moment: datetime = cursor.fetchall()[0][0]
        cursor.execute("select ledger_sum_calls(%s, %s, %s)", [customer_id, moment, CALLS_AT_ONCE])
        return int(cursor.fetchall()[0][0])
