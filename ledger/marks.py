"""What a wallet's history comes to, every so many versions, so that no statement starts at its
beginning. Transfers never change, and so marks do not: one that is there stays as it is."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import connection

STEP: Final = 10_000
AT_ONCE: Final = 10
_CUSTOMERS_AT_ONCE: Final = 200
_NOBODY: Final = UUID(int=0)

_WAITING: Final = """
select w.customer_id from ledger_wallet w
where w.version >= %(step)s and w.customer_id > %(last)s and w.version >= %(step)s + coalesce(
    (select max(version) from ledger_balance_mark m where m.customer_id = w.customer_id), 0)
order by w.customer_id limit %(many)s
"""


def write_all(step: int = STEP) -> int:
    """Those of every wallet that has gone on by `step` versions; how many. At once again: none."""
    return sum(write(customer_id, step) for customer_id in _waiting(step))


def write(customer_id: UUID, step: int = STEP) -> int:
    """A few in each database transaction, so that a process may end anywhere."""
    written = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select ledger_write_marks(%s, %s, %s)", [customer_id, step, AT_ONCE])
            now = int(cursor.fetchall()[0][0])
        written += now
        if now < AT_ONCE:
            return written


def _waiting(step: int) -> Iterator[UUID]:
    last = _NOBODY
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_WAITING, {"step": step, "last": last, "many": _CUSTOMERS_AT_ONCE})
            found = [customer for (customer,) in cursor.fetchall()]
        yield from found
        if len(found) < _CUSTOMERS_AT_ONCE:
            return
        last = found[-1]
