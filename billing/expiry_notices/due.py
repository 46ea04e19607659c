"""Of which lots a notice is due: so many days before they end, counted in days of UTC, so that
those that end on one day are told of together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

CUSTOMERS_AT_ONCE: Final = 200


class Due(NamedTuple):
    """`days` is the notice that it is, `amount` what is free of the lot, in micro-credits."""

    customer_id: UUID
    lot_id: UUID
    kind: str
    expires_at: datetime
    amount: int
    days: int


# Of several notices that are due at once, only the nearest is given; what is over is not.
_DUE: Final = """
select customer_id, id, kind, expires_at, free, days from (
    select l.customer_id, l.id, l.kind, l.expires_at, l.seq,
        l.remaining - l.held - l.frozen as free, n.days,
        dense_rank() over (order by l.customer_id) as place
    from ledger_lot_state l cross join lateral (
        select min(d) as days from unnest(%(days)s::integer[]) d
        where (l.expires_at at time zone 'UTC')::date
            <= (ledger_now() at time zone 'UTC')::date + d
    ) n
    where l.open and l.expires_at > ledger_now()
        and l.expires_at < ledger_now() + make_interval(days => %(longest)s + 1)
        and exists (
            select from accounts_customer c where c.id = l.customer_id and c.status <> 'closed'
        )
        and l.remaining - l.held - l.frozen > 0
        -- What a plan includes ends with each period, as the plan says.
        and not coalesce(starts_with(l.document, 'sub_'), false)
        and n.days is not null
        and not exists (
            select from billing_expirynotice x
            where x.customer_id = l.customer_id and x.lot_id = l.id
                and x.expires_at = l.expires_at and x.days <= n.days
        )
) due
where place <= %(customers)s
order by customer_id, expires_at, seq
"""


def some() -> Sequence[Due]:
    """Of some customers, and all that are due of each."""
    days = settings.EXPIRY_NOTICE_DAYS
    asked = {"days": days, "longest": max(days, default=0), "customers": CUSTOMERS_AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, asked)
        return [Due(*row) for row in cursor.fetchall()]
