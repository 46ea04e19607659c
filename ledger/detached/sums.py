"""What is kept of a detached month: sums, and the few holds that balances of then ask for."""

from typing import Final

from django.db.backends.utils import CursorWrapper

from ledger.detached.month import Month

# Nobody adds them while a clock is moved: days would be other ones.
_ADD_USAGE: Final = """
select ledger_sum_calls_below(x.customer_id, %(above)s, 2000000000)
from (select distinct customer_id from {table}) x
    join ledger_wallet w on w.customer_id = x.customer_id and w.clock_shift is null
    join ledger_clock k on k.shift = '0'
    left join ledger_usage_until u on u.customer_id = x.customer_id
where u.below is null or u.below < %(above)s
order by x.customer_id
"""
_USE: Final = """
insert into ledger_detached_sum (customer_id, month, day, price_id, api_key_id, outcome, state,
    summed, rows, calls, committed, reversed)
select c.customer_id, %(month)s, (c.created_at at time zone 'UTC')::date, c.price_id, c.api_key_id,
    c.outcome, ledger_usage_state(c.state, c.committed), coalesce(c.id < u.below, false), count(*),
    sum(coalesce(c.calls, 1)), sum(c.committed), sum(c.reversed)
from {table} c left join ledger_usage_until u on u.customer_id = c.customer_id
group by 1, 2, 3, 4, 5, 6, 7, 8
"""
_QUANTITIES: Final = """
insert into ledger_detached_sum (customer_id, month, day, price_id, state, summed, tally,
    quantities, rows, calls, committed, reversed)
select customer_id, %(month)s, tally, price_id, 'committed', false, tally,
    jsonb_object_agg(unit, quantity), 0, 0, 0, 0
from (
    select c.customer_id, c.price_id, (c.so_far->>'month')::date as tally, q.key as unit,
        sum(q.value::numeric) as quantity
    from {table} c,
        jsonb_each_text(ledger_units_of(c.quantities, c.used_quantities, c.so_far)) q
    where c.so_far is not null and c.state <> 'reversed' group by 1, 2, 3, 4
) x
group by customer_id, price_id, tally
"""
_HOLDS: Final = """
insert into ledger_detached_hold (customer_id, id, month, expires_at, lots, split, used)
select distinct c.customer_id, c.id, %(month)s::date, c.expires_at, c.lots, c.split, c.used
from ledger_transfer t
    join {table} c on c.customer_id = t.customer_id and t.lot_id = any(c.lots)
        and c.expires_at > t.effective_at and c.expires_at <= t.posted_at
where t.kind in ('expire', 'escheat') and t.id >= %(low)s
    and (t.unit <> 'CR' or t.debit <> 'U20' or t.credit <> 'U30')
"""
TABLES: Final = ("ledger_detached_sum", "ledger_detached_hold", "ledger_detached")


def add_usage(cursor: CursorWrapper, month: Month) -> None:
    """Usage is told from sums from now on."""
    cursor.execute(_ADD_USAGE.format(table=month.table), month.asked)


def keep(cursor: CursorWrapper, month: Month) -> None:
    for statement in (_USE, _QUANTITIES, _HOLDS):
        cursor.execute(statement.format(table=month.table), month.asked)


def forget(cursor: CursorWrapper, month: Month) -> None:
    for table in TABLES:
        cursor.execute(f"delete from {table} where month = %(month)s", month.asked)
