"""What lots began with, what of them was moved to other customers, and what has expired: as their
transfers say. A lot's own `units` and `price` are the basis of what it has left, which a move and a
concession open anew (accounting R16)."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from ledger.models import Lot

# By the index of what is no use, and by that of money.
_ORIGINS: Final = """
with entry as (
    select x.customer_id, x.lot_id, t.version, t.kind, t.unit, t.debit, t.credit, t.amount
    from unnest(%s::uuid[], %s::uuid[]) x(customer_id, lot_id) cross join lateral (
        select version, kind, unit, debit, credit, amount from ledger_transfer c
        where c.customer_id = x.customer_id and c.lot_id = x.lot_id
            and unit = 'CR' and (debit <> 'U20' or credit <> 'U30') and debit <> 'U30'
        union all
        select version, kind, unit, debit, credit, amount from ledger_transfer m
        where m.customer_id = x.customer_id and m.lot_id = x.lot_id and unit <> 'CR'
            and '2100' in (debit, credit)
    ) t
), first as (
    select customer_id, lot_id, min(version) as version from entry group by 1, 2
)
select e.customer_id, e.lot_id,
    coalesce(sum(amount) filter (where e.version = f.version and credit = 'U20'), 0)::bigint,
    coalesce(sum(amount) filter (where e.version = f.version and credit = '2100'), 0)::bigint,
    coalesce(sum(amount) filter (where kind = 'move' and debit = 'U20'), 0)::bigint,
    coalesce(sum(amount) filter (where kind = 'move' and debit = '2100'), 0)::bigint
from entry e join first f using (customer_id, lot_id) group by 1, 2
"""
_EXPIRED: Final = """
select lot_id, sum(case credit when 'U31' then amount else -amount end)::bigint
from ledger_transfer
where customer_id = %s and unit = 'CR' and (debit <> 'U20' or credit <> 'U30')
    and 'U31' in (debit, credit)
group by 1
"""


class Origin(NamedTuple):
    """`issued` and `moved` are micro-credits; `price` and `moved_price` minor units of the lot's
    currency, net of tax."""

    issued: int
    price: int
    moved: int
    moved_price: int


def origins(lots: Sequence[Lot]) -> dict[tuple[UUID, UUID], Origin]:
    """By customer and lot: two customers' lots may have one id."""
    named = [[lot.customer_id for lot in lots], [lot.id for lot in lots]]
    as_it_is = {(lot.customer_id, lot.id): Origin(lot.units, lot.price, 0, 0) for lot in lots}
    return as_it_is | {(row[0], row[1]): Origin(*row[2:]) for row in _rows(_ORIGINS, *named)}


def origin(lot: Lot) -> Origin:
    return origins([lot])[lot.customer_id, lot.id]


def expired(customer_id: UUID) -> dict[UUID, int]:
    """What of each lot expired or was forfeited, and was neither given back nor escheated."""
    return {lot: amount for lot, amount in _rows(_EXPIRED, customer_id) if amount > 0}


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
