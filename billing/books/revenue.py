"""Usage revenue: what was used becomes revenue, lot by lot, each day for itself (E05, E18).

The ledger does it for a few hundred customers at a time, so that memory stays flat and a process
may end anywhere: what was done stays done, and the next run does the rest.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from billing.books.rows import rows
from ledger import services

CUSTOMERS_AT_ONCE = 200

_WAITING = """
select w.customer_id from ledger_wallet w left join ledger_recognised d using (customer_id)
where w.version > coalesce(d.version, 0) and w.customer_id > %(last)s
order by w.customer_id limit %(many)s
"""
_DUE = """
select customer_id from ledger_wallet
where due_at <= ledger_now() and customer_id > %(last)s
order by customer_id limit %(many)s
"""
_NOBODY = UUID(int=0)


def recognise_all() -> int:
    """How many transactions were posted. At once again: none."""
    posted = 0
    for customers in _batches(_WAITING):
        with transaction.atomic():
            posted += services.recognise(customers)
    return posted


def expire_all() -> int:
    """Lets expire what is due, of every customer: of how many wallets something was."""
    expired = 0
    for customers in _batches(_DUE):
        services.refresh_all(customers)
        expired += len(customers)
    return expired


def _batches(sql: str) -> Iterator[list[UUID]]:
    last = _NOBODY
    while True:
        found = rows(sql, {"last": last, "many": CUSTOMERS_AT_ONCE})
        customers = [customer for (customer,) in found]
        if not customers:
            return
        yield customers
        last = customers[-1]
