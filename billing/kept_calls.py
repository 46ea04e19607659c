"""Months of calls that are kept in files, as far as the rooms here have to do with them."""

from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import connection

from accounts.models import Customer
from billing.models import Erasure
from ledger.detached import attaching, detaching
from ledger.detached.month import Month
from ledger.models import DetachedMonth

# Counts of what still needs the calls of a month, in `{table}`.
NEEDED: Final = {
    "of them are shared with partners, whose shares are proved call by call": """
        select count(*) from {table} c
            join ledger_price p on p.id = c.price_id
            left join ledger_transfer f
                on f.customer_id = c.customer_id and f.id = c.transaction_id
            join billing_partnerterm x on x.endpoint_id = p.endpoint_id
                and tstzrange(x.starts_at, x.ends_at) @> coalesce(f.effective_at, c.created_at)
    """,
    "adjustments of them wait for a decision": """
        select count(*) from billing_adjustment
        where state = 'waiting' and reservation_id >= %(low)s and reservation_id < %(above)s
    """,
}

_MONTHS: Final = """
select distinct to_char(month, 'YYYY-MM') from ledger_detached_sum
where customer_id = any(%s) order by 1
"""


def detach(first: date, folder: Path, *, least_age: int) -> DetachedMonth:
    """Raises DetachedError."""
    return detaching.detach(first, folder, least_age=least_age, needed=NEEDED)


def attach(path: Path) -> tuple[Month, int]:
    """What was erased since is erased there too. Raises DetachedError."""
    return attaching.attach(path, erased=_erased)


def months_of(customer: Customer) -> list[str]:
    """2026-10: those with calls of it, or of its sandbox."""
    of = [customer.id, *Customer.objects.filter(sandbox_of=customer).values_list("id", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, [of])
        return [month for (month,) in cursor.fetchall()]


def _erased() -> list[UUID]:
    own = list(Erasure.objects.values_list("customer_id", flat=True))
    return [*own, *Customer.objects.filter(sandbox_of__in=own).values_list("id", flat=True)]
