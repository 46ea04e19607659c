"""Balance marks: what they say a history comes to is what its transfers come to."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "balance-marks",
        "A balance mark is the sum of the transfers up to it",
        "Statements of a long history start from its marks.",
        # Each mark differs from the one before it by the transfers between the two.
        """
        select customer_id, version, lot_id, kind, sum(amount) as difference from (
            select customer_id, version, x.* from mark, lateral (
                select lot_id, null as kind, amount from unnest(lots, remaining) y(lot_id, amount)
                union all
                select null, kind, amount from unnest(kinds, gains) y(kind, amount)
                union all
                select null, 'balance', balance
            ) x
            union all
            select m.customer_id, m.next, x.* from (
                select *, lead(version) over (partition by customer_id order by version) as next
                from mark
            ) m, lateral (
                select lot_id, null as kind, -amount from unnest(lots, remaining) y(lot_id, amount)
                union all
                select null, kind, -amount from unnest(kinds, gains) y(kind, amount)
                union all
                select null, 'balance', -balance
            ) x where m.next is not null
            union all
            select t.customer_id, t.mark, x.lot_id, x.kind, -t.gain
            from (
                select t.customer_id, t.lot_id,
                    versions[width_bucket(t.version - 1, versions) + 1] as mark,
                    ledger_line_kind(t.customer_id, t.lot_id, t.kind, t.credit) as kind,
                    case t.credit when 'U20' then t.amount else -t.amount end as gain
                from (
                    select customer_id, array_agg(version order by version) as versions
                    from mark group by 1
                ) v join transfer t using (customer_id)
                where t.unit = 'CR' and 'U20' in (t.debit, t.credit)
                    and t.version <= versions[cardinality(versions)]
            ) t cross join lateral (
                values (t.lot_id, null), (null, t.kind), (null, 'balance')
            ) x(lot_id, kind)
        ) y
        group by 1, 2, 3, 4 having sum(amount) <> 0
        """,
    ),
]
