"""Transfers: numbered without a gap, and between accounts of the chart."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "versions",
        "Versions count a wallet's transactions without a gap",
        "History order is the version; a missing one is a missing transaction.",
        """
        select customer_id, version, previous from (
            select customer_id, version, 'transfer' as source,
                lag(version, 1, 0::bigint) over history as previous
            from transfer window history as (partition by customer_id order by version)
            union all
            select customer_id, w.version, 'wallet', coalesce(max(t.version), 0)
            from wallet w left join transfer t using (customer_id) group by 1, 2
        ) x
        where version <> previous and (source = 'wallet' or version <> previous + 1)
        """,
    ),
    Check(
        "balance-chain",
        "Each transaction's balance is the one before and what it moved",
        "Any balance at any instant can be explained.",
        """
        select customer_id, version, balance_after, previous + moved as by_transfers from (
            select customer_id, version, balance_after, moved,
                lag(balance_after, 1, 0::bigint) over history as previous
            from (
                select customer_id, version, max(balance_after) as balance_after, sum(
                    case when unit <> 'CR' then 0 when credit = 'U20' then amount
                    when debit = 'U20' then -amount else 0 end) as moved
                from transfer group by 1, 2
            ) t window history as (partition by customer_id order by version)
        ) x where balance_after <> previous + moved
        """,
    ),
    Check(
        "transaction",
        "A transaction is of one customer, version and instant, and named by its first transfer",
        "Its transfers are one event: they were written together.",
        """
        select min(customer_id::text)::uuid as customer_id, transaction_id, min(version) as version
        from transfer group by transaction_id
        having min(customer_id::text) <> max(customer_id::text) or min(version) <> max(version)
            or min(posted_at) <> max(posted_at) or min(balance_after) <> max(balance_after)
            or not bool_or(id = transaction_id)
        """,
    ),
    Check(
        "version-once",
        "A version is of one transaction",
        "Two events with one number would have no order.",
        """
        select customer_id, version, min(transaction_id::text)::uuid as transaction_id
        from transfer group by 1, 2 having min(transaction_id::text) <> max(transaction_id::text)
        """,
    ),
    Check(
        "chart",
        "A transfer moves something between two accounts of the chart, of its kind of unit",
        "Never one line with credits and money; never from an account to itself.",
        """
        select customer_id, transaction_id, t.id as transfer_id, t.unit, debit, credit, amount
        from transfer t
            left join ledger_account d on d.code = t.debit
            left join ledger_account c on c.code = t.credit
        where amount <= 0 or debit = credit or t.unit !~ '^(CR|[A-Z]{3})$'
            or d.unit is distinct from case t.unit when 'CR' then 'credits' else 'money' end
            or c.unit is distinct from d.unit
            or t.unit = 'CR' and lot_id is null
            and (debit, credit) not in (('U20', 'U30'), ('U30', 'U20'))
        """,
    ),
    Check(
        "clearing",
        "The clearing accounts of moves between customers sum to zero",
        "What left one customer arrived at another.",
        """
        select unit, account, sum(amount) as amount from (
            select unit, credit as account, amount from transfer where credit in ('U35', '2190')
            union all
            select unit, debit, -amount from transfer where debit in ('U35', '2190')
        ) x
        group by 1, 2 having sum(amount) <> 0
        """,
        of_company=True,
    ),
]
