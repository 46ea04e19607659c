"""Lots and cohorts (accounting rules, section 6)."""

from ledger.checks import SOURCES, Check, money

TIE_OUTS = [
    Check(
        "recognised",
        "All that was used in the month is revenue",
        "What is not recognised would be missing from the month (E05).",
        """
        select t.customer_id, t.lot_id, count(*) as transfers, min(t.posted_at) as first
        from ledger_transfer t
            join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
            left join ledger_recognised d on d.customer_id = t.customer_id
        where t.version > coalesce(d.version, 0) and l.paid and t.unit = 'CR'
            and 'U30' in (t.debit, t.credit) and ledger_day(t.posted_at) <= %(end)s
        group by 1, 2
        """,
    ),
    Check(
        "deferred-by-lot",
        "2100 of each lot is its carrying value",
        "Deferred revenue is the price of the credits that are left, lot by lot (R2).",
        f"{SOURCES.format(scope='true')} {money.DEFERRED}",
    ),
    Check(
        "breakage-by-cohort",
        "2110 of each cohort is N - A",
        "The engine sets it, and running it again posts nothing (R3).",
        """
        select cohort, r.n as posted, r.a, p.recognised, p.advance
        from (
            select distinct on (cohort) * from billing_breakagerun
            where as_of <= %(end)s order by cohort, as_of desc, id desc
        ) r full join (
            select coalesce(l.cohort, p.cohort) as cohort,
                -coalesce(sum(p.amount) filter (where p.account = '4200'), 0) as recognised,
                coalesce(sum(p.amount) filter (where p.account = '2110'), 0) as advance
            from ledger_posting p
                left join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
                cross join ledger_books b
            where p.account in ('2110', '4200') and p.posting_date <= %(end)s
                and coalesce(l.refundable_until
                    <= (%(end)s::date + 1)::timestamp at time zone b.time_zone, true)
            group by 1
        ) p using (cohort)
        where (coalesce(r.n, 0), coalesce(r.n - r.a, 0)) <> (p.recognised, p.advance)
        """,
    ),
    Check(
        "breakage-in-bounds",
        "0 <= 2110 <= 2100 of each cohort",
        "No more is recognised in advance than is outstanding; the net liability is never"
        " negative (R4).",
        """
        select cohort, as_of, n, a, v - c - a as outstanding from (
            select distinct on (cohort) * from billing_breakagerun
            where as_of <= %(end)s order by cohort, as_of desc, id desc
        ) r
        where n - a < 0 or n - a > v - c - a
        """,
    ),
    Check(
        "escheat-never-breaks",
        "What the state may claim never reaches 4200",
        "It is a liability for ever (ASC 606-10-55-49, R10).",
        """
        select cohort, unit as currency, -sum(amount) as recognised from ledger_posting
        where account = '4200' and cohort like '%%/escheat:%%' and posting_date <= %(end)s
        group by 1, 2 having sum(amount) <> 0
        """,
    ),
    Check(
        "escheat-register",
        "2300 is what the register holds",
        "Each claim of a state has its line until it is remitted or returned (E17).",
        """
        select unit as currency, booked, registered from (
            select unit, -sum(amount) as booked from ledger_posting
            where account = '2300' and posting_date <= %(end)s group by 1
        ) b full join (
            select currency as unit, sum(amount) as registered from billing_unclaimedproperty
            where escheated_on <= %(end)s and coalesce(settled_on > %(end)s, true) group by 1
        ) r using (unit)
        where coalesce(booked, 0) <> coalesce(registered, 0)
        """,
    ),
    Check(
        "clearing",
        "The clearing accounts of moves between customers are zero",
        "What left one customer arrived at another (E16, R13).",
        """
        select unit, account, sum(amount) as amount from ledger_posting
        where account in ('U35', '2190') and posting_date <= %(end)s
        group by 1, 2 having sum(amount) <> 0
        """,
    ),
]
