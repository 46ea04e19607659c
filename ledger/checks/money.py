"""What the money of lots must be (accounting rules, section 6)."""

from ledger.checks.base import Check

# 2100 of each lot, and its carrying value. Between recognitions 2100 is higher by what was used
# since: so both are of the version up to which usage is recognised.
DEFERRED = """
select l.customer_id, l.id as lot_id, l.currency, coalesce(t.deferred, 0) as deferred,
    ledger_carrying(l.price, l.units, (l.remaining - coalesce(t.units, 0))::bigint) as carrying
from lot l left join (
    select t.customer_id, t.lot_id as id,
        sum(case '2100' when t.credit then t.amount when t.debit then -t.amount else 0 end)
            filter (where t.kind in ('usage', 'usage-back')
                or t.version <= coalesce(d.version, 0)) as deferred,
        sum(case 'U20' when t.credit then t.amount when t.debit then -t.amount else 0 end)
            filter (where t.version > coalesce(d.version, 0)) as units
    from transfer t left join ledger_recognised d using (customer_id)
    where t.lot_id is not null group by 1, 2
) t using (customer_id, id)
where l.paid and coalesce(t.deferred, 0)
    <> ledger_carrying(l.price, l.units, (l.remaining - coalesce(t.units, 0))::bigint)
"""

CHECKS = [
    Check(
        "lot-deferred",
        "Deferred revenue of a lot is its carrying value",
        "Account 2100 is the price of the credits that are left, lot by lot (R2).",
        DEFERRED,
    ),
    Check(
        "lot-steps",
        "What leaves a lot unused takes its carrying value along",
        "Else it would be taken for revenue (R5): only what was used is.",
        """
        select customer_id, lot_id, kind, sum(money) as money, sum(worth) as worth from (
            select t.customer_id, t.lot_id, t.kind, t.debit, t.credit,
                case '2100' when t.debit then t.amount when t.credit then -t.amount else 0 end
                    as money,
                case when t.unit <> 'CR' then 0 else
                    ledger_carrying(l.price, l.units, (t.after - t.units)::bigint)
                        - ledger_carrying(l.price, l.units, t.after::bigint)
                end as worth
            from (
                select *, sum(units) over (
                    partition by customer_id, lot_id order by version, id) as after
                from (
                    select *, case when unit <> 'CR' then 0 when credit = 'U20' then amount
                        when debit = 'U20' then -amount else 0 end as units
                    from transfer where lot_id is not null
                ) x
            ) t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
            where l.price > 0
        ) y
        -- What a refund took comes back at what it was worth then, and a new basis has other steps.
        where kind in ('expire', 'escheat', 'forfeit', 'refund', 'dispute')
            and (customer_id, lot_id) not in (
                select customer_id, lot_id from transfer
                where lot_id is not null and kind in
                    ('move', 'concession', 'restore', 'reinstate', 'reverse', 'uncover'))
        group by 1, 2, 3 having sum(money) <> sum(worth)
        """,
    ),
    Check(
        "lot-free",
        "What nobody paid for never becomes revenue",
        "A promotional, goodwill or adjustment lot has no price (R8).",
        """
        select t.customer_id, t.lot_id, t.transaction_id, l.kind, t.debit, t.credit, t.amount
        from transfer t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
        where t.unit <> 'CR' and not l.paid
            and (t.debit in ('2100', '4100', '4200') or t.credit in ('2100', '4100', '4200'))
        """,
    ),
    Check(
        "tax",
        "Tax is neither deferred nor revenue",
        "It is owed to the state from the start (ASC 606-10-32-2A, R9).",
        """
        select customer_id, transaction_id, id as transfer_id, debit, credit, amount
        from transfer
        where debit = '2200' and credit ~ '^(21|4)' or credit = '2200' and debit ~ '^(21|4)'
        """,
    ),
    Check(
        "posting-day",
        "Nothing is posted for a day to come, nor for one that it is later than",
        "What is late counts for the first open day.",
        """
        select t.customer_id, t.transaction_id, t.kind, t.posted_on, t.posted_at, t.effective_at
        from transfer t
        where t.posted_on is not null and
            (t.posted_on > ledger_day(t.posted_at) or t.posted_on < ledger_day(t.effective_at))
        """,
    ),
    Check(
        "recognised",
        "Usage is recognised up to a version that the wallet has",
        "What is beyond would never become revenue.",
        """
        select d.customer_id, d.version as recognised, w.version
        from ledger_recognised d join wallet w using (customer_id)
        where d.version > w.version
        """,
    ),
]
