"""Every movement of 2100 and 2110, by what it was (accounting rules, 8.1). Two statements read it:
the roll-forward, and the tie-outs that doubt it."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from billing.books.cohorts import last_day
from billing.books.rows import rows

# The day that a transfer counts for, as the view ledger_posting has it.
DAY = "coalesce(t.posted_on, (t.posted_at at time zone b.time_zone)::date)"
# The other side tells what is of the state's, went to another customer or came from another system;
# the kind, the rest.
# Paid credits could be void before there were books.
LINE = """case
    when '2300' in (t.debit, t.credit) then 'escheat'
    when '2190' in (t.debit, t.credit) then 'transfers'
    when '3900' in (t.debit, t.credit) then 'openings'
    when '4200' in (t.debit, t.credit) and starts_with(t.kind, 'breakage ') then 'breakage'
    when t.kind = 'grant' then 'sales'
    when t.kind = 'usage' then 'usage'
    when t.kind = 'usage-back' then 'reversals'
    when t.kind in ('expire', 'forfeit', 'void') and t.credit = '2110' then 'expiry'
    when t.kind = 'reinstate' and t.debit = '2110' then 'reinstated'
    when t.kind in ('refund', 'restore') then 'refunds'
    when t.kind = 'dispute' then 'chargebacks'
    else 'other' end"""
# Credits above zero: what is owed to customers. A lot is in the cohort in which it stands now.
MOVED = f"""
select t.unit as currency, coalesce(l.cohort, t.cohort, '') as cohort,
    case when {DAY} < %(start)s then 'opening' else {LINE} end as line,
    sum(case '2100' when t.credit then t.amount when t.debit then -t.amount else 0 end)::bigint
        as deferred,
    sum(case '2110' when t.credit then t.amount when t.debit then -t.amount else 0 end)::bigint
        as advance
from ledger_transfer t cross join ledger_books b
    left join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
where t.unit <> 'CR' and {DAY} <= %(end)s
    and (t.debit in ('2100', '2110') or t.credit in ('2100', '2110'))
group by 1, 2, 3
"""


class Moved(NamedTuple):
    """Minor units; what is owed is above zero, so that 2110 stands below."""

    currency: str
    cohort: str
    line: str
    deferred: int
    advance: int


def moved(month: date) -> Iterator[Moved]:
    """In the month, and as `opening` all before it."""
    parameters = {"start": month, "end": last_day(month)}
    return (Moved(*row) for row in rows(f"{MOVED} order by 1, 2, 3", parameters))
