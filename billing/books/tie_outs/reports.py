"""What the reports of a month must tie to (accounting rules, 8.1, 8.5, 4.1)."""

from billing.books.counted import POSTINGS
from billing.books.reports.movements import MOVED
from ledger.checks import Check

# The lines beside the accounts as the ledger's own view has them.
_BOTH = f"""
with line as ({MOVED}), account as (
    select p.unit as currency, coalesce(l.cohort, p.cohort, '') as cohort,
        -coalesce(sum(p.amount) filter (where p.account = '2100'), 0) as deferred,
        -coalesce(sum(p.amount) filter (where p.account = '2110'), 0) as advance
    from ledger_posting p
        left join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
    where p.account in ('2100', '2110') and p.posting_date <= %(end)s
    group by 1, 2
), summed as (
    select currency, cohort, sum(deferred) filter (where line <> 'other') as deferred,
        sum(advance) filter (where line <> 'other') as advance
    from line group by 1, 2
)
select currency, cohort, s.deferred as deferred_by_lines, a.deferred, s.advance as advance_by_lines,
    a.advance
from summed s full join account a using (currency, cohort)
where (coalesce(s.deferred, 0), coalesce(s.advance, 0))
    <> (coalesce(a.deferred, 0), coalesce(a.advance, 0))
"""
_UNCLASSIFIED = f"select * from ({MOVED}) x where line = 'other'"
_REVENUE = f"""
with line as ({MOVED}), by_lines as (
    select currency,
        -coalesce(sum(deferred) filter (where line in ('usage', 'reversals')), 0) as usage,
        -coalesce(sum(advance) filter (where line = 'breakage'), 0) as breakage
    from line group by 1
), by_accounts as (
    select unit as currency,
        -coalesce(sum(amount) filter (where account = '4100'), 0) as usage,
        -coalesce(sum(amount) filter (where account = '4200'), 0) as breakage
    from ledger_posting
    where account in ('4100', '4200') and posting_date between %(start)s and %(end)s
    group by 1
)
select currency, l.usage as usage_by_lines, a.usage, l.breakage as breakage_by_lines, a.breakage
from by_lines l full join by_accounts a using (currency)
where (coalesce(l.usage, 0), coalesce(l.breakage, 0))
    <> (coalesce(a.usage, 0), coalesce(a.breakage, 0))
"""
# By lot: all that was issued is somewhere, and none of it more than once.
_UNITS = f"""
select customer_id, lot_id,
    coalesce(sum(amount) filter (where account = 'U10'), 0) as issued,
    -coalesce(sum(amount) filter (where account = 'U20'), 0) as balance,
    -coalesce(sum(amount) filter (where account in ('U30', 'U31', 'U32', 'U33', 'U34')), 0) as gone,
    -coalesce(sum(amount) filter (where account = 'U35'), 0) as moved
from {POSTINGS} p
where unit = 'CR' and posting_date <= %(end)s
group by 1, 2
having sum(amount) filter (
        where account in ('U10', 'U20', 'U30', 'U31', 'U32', 'U33', 'U34', 'U35')) <> 0
    or lot_id is not null and sum(amount) filter (where account = 'U20') > 0
    or bool_or(account not in ('U10', 'U20', 'U30', 'U31', 'U32', 'U33', 'U34', 'U35'))
"""
_BALANCE = """
select p.unit, sum(amount) as difference, count(*) filter (where a.code is null) as not_in_the_chart
from ledger_posting p left join ledger_account a on a.code = p.account
where posting_date <= %(end)s group by 1
having sum(amount) <> 0 or count(*) filter (where a.code is null) > 0
"""

TIE_OUTS = [
    Check(
        "roll-forward",
        "The roll-forward closes at the balances of 2100 and 2110, of each cohort",
        "Opening and the lines of the month are all that moved them (8.1).",
        _BOTH,
    ),
    Check(
        "roll-forward-lines",
        "Every movement of 2100 and 2110 has a line of the roll-forward",
        "What has none would be unexplained (8.1).",
        _UNCLASSIFIED,
    ),
    Check(
        "revenue",
        "Usage and breakage of the roll-forward are the movements of 4100 and 4200",
        "Revenue comes out of deferred revenue, and from nowhere else (8.1).",
        _REVENUE,
    ),
    Check(
        "units",
        "Credits issued are those left, used, expired, refunded, escheated and voided, of each lot",
        "U10 = U20 + U30 + U31 + U32 + U33 + U34, and what was moved to another customer (4.1).",
        _UNITS,
    ),
    Check(
        "trial-balance",
        "Debits are credits, in each currency and in credits, on accounts of the chart",
        "The trial balance sums to zero (8.5).",
        _BALANCE,
    ),
]
