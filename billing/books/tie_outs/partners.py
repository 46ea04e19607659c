"""Partners' shares (accounts 2500 and 6400)."""

from ledger.checks import Check

TIE_OUTS = [
    Check(
        "partners-accrued",
        "Partners have their share of all that was used in the month",
        "What is not accrued would be missing from the month's expense.",
        """
        select t.customer_id, count(*) as transfers, min(t.posted_at) as first
        from ledger_transfer t
            left join billing_partnerwatermark d on d.customer_id = t.customer_id
        where exists (select from billing_partnerterm)
            and t.version > coalesce(d.version, 0) and t.kind in ('commit', 'reverse')
            and t.posted_at >= (select min(starts_at) from billing_partnerterm)
            and ledger_day(t.posted_at) <= %(end)s
        group by 1
        """,
    ),
    Check(
        "partner-payable",
        "2500 is what partners' statements say that they are owed, and 6400 what they earned",
        "Each line of the expense is in somebody's statement (4.3).",
        """
        select currency, b.payable, b.expense, s.accrued, s.paid from (
            select unit as currency, -sum(amount) filter (where account = '2500') as payable,
                sum(amount) filter (where account = '6400') as expense
            from ledger_posting
            where account in ('2500', '6400') and posting_date <= %(end)s group by 1
        ) b full join (
            select currency, sum(accrued) as accrued, sum(paid) as paid from (
                select currency, amount as accrued, 0 as paid from billing_partneraccrual
                where posted_on <= %(end)s
                union all
                select currency, 0, amount from billing_partnerpayout where paid_on <= %(end)s
            ) x group by 1
        ) s using (currency)
        where coalesce(b.payable, 0) <> coalesce(s.accrued - s.paid, 0)
            or coalesce(b.expense, 0) <> coalesce(s.accrued, 0)
        """,
    ),
]
