"""Partners' shares are the rule over all of history, and what the books say of them."""

from accounts.models import HOUSE_ID
from billing.partners.covering import COVERED
from billing.partners.rule import filled, minor, worth
from ledger.checks import Check

# What calls have left of the credits that they used, up to where they were accrued. Per cent are of
# what the transfers moved, lot by lot; terms in credits, of a call's first ones.
_UNITS = f"""
call_of as materialized (
    select r.customer_id, r.id, r.lots, r.used as parts, x.id as term_id, x.credits as most
    from reservation r
        join ledger_price p on p.id = r.price_id
        left join ledger_transfer f
            on f.customer_id = r.customer_id and f.id = r.transaction_id
        join billing_partnerterm x on x.endpoint_id = p.endpoint_id
            and tstzrange(x.starts_at, x.ends_at) @> coalesce(f.effective_at, r.created_at)
    where exists (select from billing_partnerterm)
), moved as materialized (
    select c.customer_id, c.id, t.lot_id,
        sum(case t.credit when 'U30' then t.amount else -t.amount end) as amount
    from call_of c
        join transfer t on t.customer_id = c.customer_id and t.reservation_id = c.id
            and t.kind in ('commit', 'reverse')
        join billing_partnerwatermark d
            on d.customer_id = t.customer_id and t.version <= d.version
    where exists (select from billing_partnerterm)
    group by 1, 2, 3
), unit as (
    select c.customer_id, m.lot_id, c.term_id, sum(m.amount) as units
    from call_of c join moved m on m.customer_id = c.customer_id and m.id = c.id
    where c.most is null group by 1, 2, 3
    union all
    select c.customer_id, x.lot, c.term_id, sum({filled("least(m.net, c.most)")} - (upto - used))
    from call_of c
        join (select customer_id, id, sum(amount) as net from moved group by 1, 2) m
            on m.customer_id = c.customer_id and m.id = c.id
        cross join lateral (
            select lot, used, sum(used) over (order by i) as upto
            from unnest(c.lots, c.parts) with ordinality u(lot, used, i)
        ) x
    where c.most is not null group by 1, 2, 3
), on_credit as materialized (
    select d.customer_id, d.version from billing_partnerwatermark d
    where exists (select from billing_partnerterm) and d.customer_id in (
        select customer_id from transfer where lot_id is null and unit = 'CR')
), {COVERED}, every as (
    select customer_id, lot_id, term_id, sum(units) as units from (
        select * from unit union all select customer_id, lot_id, term_id, units from covered
    ) x group by 1, 2, 3
)
"""
_SHARE = f"""
select x.partner_id, s.currency, sum({worth("units", "coalesce(percent, 100)")}) as worth
from billing_partnershare s join billing_partnerterm x on x.id = s.term_id group by 1, 2
"""
_BOOKED = f"""
select p.id as partner_id, t.unit as currency,
    sum(case when t.credit = '2500' then t.amount else -t.amount end) as booked
from ledger_transfer t
    join billing_partner p on t.document = 'ptr_' || replace(p.id::text, '-', '')
where t.kind in ('partner-share', 'partner-share-back')
    and t.customer_id = '{HOUSE_ID}'
group by 1, 2
"""

CHECKS = [
    Check(
        "partner-shares",
        "Partners' credits of a lot are those that the terms give them of its calls",
        "Every commit accrues its share, and its reversal takes it back.",
        f"""
        with {_UNITS}
        select customer_id, lot_id, term_id, u.units as by_calls, s.units as accrued
        from (select * from every join (select customer_id, id as lot_id, price from lot) l
            using (customer_id, lot_id) where l.price > 0) u
        full join (
            select customer_id, lot_id, term_id, sum(units) as units from partner_share
            group by 1, 2, 3
        ) s using (customer_id, lot_id, term_id)
        where coalesce(u.units, 0) <> coalesce(s.units, 0)
        """,
    ),
    Check(
        "partner-accrued",
        "What is accrued for a partner is what the shares are worth, rounded once",
        "Posted piece by piece it is the same to the minor unit as of all calls at once.",
        f"""
        select partner_id, currency, s.worth, t.accrued, a.amount as entered, b.booked
        from ({_SHARE}) s
            full join billing_partnertotal t using (partner_id, currency)
            full join (
                select partner_id, currency, sum(worth) as worth, sum(amount) as amount
                from billing_partneraccrual group by 1, 2
            ) a using (partner_id, currency)
            full join ({_BOOKED}) b using (partner_id, currency)
        where (coalesce(s.worth, 0), coalesce(s.worth, 0)) <> (t.worth, a.worth)
            or {minor("coalesce(s.worth, 0)")} <> coalesce(t.accrued, 0)
            or coalesce(t.accrued, 0) <> coalesce(a.amount, 0)
            or coalesce(t.accrued, 0) <> coalesce(b.booked, 0)
        """,
        of_company=True,
    ),
    Check(
        "partner-payable",
        "Partner payable is what was accrued, less what was paid out",
        "Nobody else posts to 2500 and 6400.",
        """
        select currency, b.payable, b.expense, a.accrued, p.paid from (
            select unit as currency, -sum(amount) filter (where account = '2500') as payable,
                sum(amount) filter (where account = '6400') as expense
            from ledger_posting where account in ('2500', '6400') group by 1
        ) b full join (
            select currency, sum(accrued) as accrued from billing_partnertotal group by 1
        ) a using (currency) full join (
            select currency, sum(amount) as paid from billing_partnerpayout group by 1
        ) p using (currency)
        where coalesce(b.payable, 0) <> coalesce(a.accrued, 0) - coalesce(p.paid, 0)
            or coalesce(b.expense, 0) <> coalesce(a.accrued, 0)
        """,
        of_company=True,
    ),
]
