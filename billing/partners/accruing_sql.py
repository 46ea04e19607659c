"""The statement that accrues: one, so that wallets, calls and shares are of one moment."""

from billing.partners.covering import COVERED
from billing.partners.rule import filled, minor, worth

_PERCENT = "coalesce(percent, 100)"

ACCRUE = f"""
with waiting as materialized (
    select w.customer_id, w.version, coalesce(d.version, 0) as done
    from ledger_wallet w left join billing_partnerwatermark d on d.customer_id = w.customer_id
    where w.customer_id = any(%(customers)s) and w.version > coalesce(d.version, 0)
), on_credit as materialized (
    select w.customer_id, w.version, min(t.posted_at) as at,
        max((t.posted_at at time zone b.time_zone)::date) as day
    from waiting w
        cross join ledger_books b
        join ledger_transfer t on uuid_hash(t.customer_id) = uuid_hash(w.customer_id)
            and t.customer_id = w.customer_id and t.version > w.done and t.version <= w.version
    where t.lot_id is null and t.unit = 'CR' group by 1, 2
), {COVERED}, moved as materialized (
    select t.customer_id, t.reservation_id, (t.posted_at at time zone b.time_zone)::date as day,
        min(t.posted_at) as at,
        sum(case t.credit when 'U30' then t.amount else -t.amount end) as amount
    from waiting w
        cross join ledger_books b
        join ledger_transfer t on uuid_hash(t.customer_id) = uuid_hash(w.customer_id)
            and t.customer_id = w.customer_id and t.version > w.done and t.version <= w.version
    where t.kind in ('commit', 'reverse') and t.reservation_id is not null
        and t.posted_at >= (select min(starts_at) from billing_partnerterm)
    group by 1, 2, 3
), called as materialized (
    select m.customer_id, m.reservation_id, x.id as term_id, x.credits * r.calls as most, r.calls,
        r.lots, r.used as parts, r.committed - r.reversed as net, r.ended_at
    from (select distinct customer_id, reservation_id from moved) m
        join ledger_reservation r
            on r.customer_id = m.customer_id and r.id = m.reservation_id
        join ledger_price p on p.id = r.price_id
        left join ledger_transfer f
            on f.customer_id = r.customer_id and f.id = r.transaction_id
        join billing_partnerterm x on x.endpoint_id = p.endpoint_id
            and tstzrange(x.starts_at, x.ends_at) @> coalesce(f.effective_at, r.created_at)
), step as (
    -- How many credits a call had at the end of each day, and before.
    select *, through - amount as before from (
        select m.*, c.term_id, c.most, c.calls, c.lots, c.parts, c.ended_at, c.net - coalesce(
            sum(m.amount) over (partition by m.customer_id, m.reservation_id order by m.day desc
                rows between unbounded preceding and 1 preceding), 0) as through
        from moved m join called c using (customer_id, reservation_id)
    ) s
), part as (
    select s.customer_id, s.term_id, s.day, s.at, l.id as lot_id, l.currency, l.price,
        l.units as basis, case when s.amount < 0 then s.ended_at end as back_to,
        {filled("through")} - {filled("before")} as used,
        {filled("least(through, most)")} - {filled("least(before, most)")} as units,
        case when row_number() over (
            partition by s.customer_id, s.reservation_id, s.day order by x.upto) = 1
            then (sign(through) - sign(before)) * s.calls else 0 end as calls,
        0 as covered_used, 0 as covered_units
    from step s
        cross join lateral (
            select lot, used, sum(used) over (order by i) as upto
            from unnest(s.lots, s.parts) with ordinality u(lot, used, i)
        ) x
        join ledger_lot l on l.customer_id = s.customer_id and l.id = x.lot
    where l.price > 0 and x.used > 0
    union all
    select d.customer_id, d.term_id, c.day, c.at, d.lot_id, l.currency, l.price, l.units,
        case when d.used < 0 or d.units < 0 then timestamptz 'infinity' end,
        d.used, d.units, 0, d.used, d.units
    from (
        select customer_id, lot_id, term_id, coalesce(n.used, 0) - coalesce(s.used, 0) as used,
            coalesce(n.units, 0) - coalesce(s.units, 0) as units
        from covered n full join (
            select customer_id, lot_id, term_id, sum(covered_used) as used,
                sum(covered_units) as units
            from billing_partnershare
            where customer_id in (select customer_id from on_credit) group by 1, 2, 3
        ) s using (customer_id, lot_id, term_id)
    ) d
        join on_credit c using (customer_id)
        join ledger_lot l on l.customer_id = d.customer_id and l.id = d.lot_id
    where l.price > 0 and (d.used <> 0 or d.units <> 0)
), placed as (
    -- What is taken back is of the price that it was accrued at.
    select p.customer_id, p.term_id, p.lot_id, p.currency, p.day,
        coalesce(o.price, p.price) as price, coalesce(o.basis, p.basis) as basis,
        min(p.at) as at, sum(p.used) as used, sum(p.units) as units, sum(p.calls) as calls,
        sum(p.covered_used) as covered_used, sum(p.covered_units) as covered_units
    from part p
        left join lateral (
            select s.price, s.basis from billing_partnershare s
            where s.customer_id = p.customer_id and s.lot_id = p.lot_id
                and s.term_id = p.term_id and s.began_at <= p.back_to
            order by s.began_at desc, s.id desc limit 1
        ) o on true
    group by 1, 2, 3, 4, 5, 6, 7
), stood as (
    select p.*, x.partner_id, x.percent,
        coalesce(s.used, 0) + sum(p.used) over through as used_through,
        coalesce(s.units, 0) + sum(p.units) over through as units_through
    from placed p
        join billing_partnerterm x on x.id = p.term_id
        left join billing_partnershare s using (customer_id, lot_id, term_id, price, basis)
    window through as (
        partition by p.customer_id, p.lot_id, p.term_id, p.price, p.basis order by p.day)
), line as (
    select term_id, partner_id, currency, greatest(day, ledger_first_open()) as posted_on,
        sum(calls) as calls, sum(used) as used,
        sum({worth("used_through")} - {worth("used_through - used")}) as earned,
        sum({worth("units_through", _PERCENT)}
            - {worth("units_through - units", _PERCENT)}) as worth
    from stood group by 1, 2, 3, 4
    having sum(calls) <> 0 or sum(used) <> 0 or bool_or(units <> 0)
), counted as (
    select l.*, coalesce(t.worth, 0) + sum(l.worth) over (
        partition by partner_id, currency order by posted_on, term_id) as through
    from line l left join billing_partnertotal t using (partner_id, currency)
), shared as (
    insert into billing_partnershare as s
        (customer_id, lot_id, term_id, currency, price, basis, began_at, used, units,
        covered_used, covered_units)
    select customer_id, lot_id, term_id, p.currency, price, basis, min(p.at),
        coalesce(o.used, 0) + sum(p.used), coalesce(o.units, 0) + sum(p.units),
        coalesce(o.covered_used, 0) + sum(p.covered_used),
        coalesce(o.covered_units, 0) + sum(p.covered_units)
    from placed p
        left join billing_partnershare o using (customer_id, lot_id, term_id, price, basis)
    group by 1, 2, 3, 4, 5, 6, o.used, o.units, o.covered_used, o.covered_units
    on conflict (customer_id, lot_id, term_id, price, basis) do update
    set used = excluded.used, units = excluded.units, covered_used = excluded.covered_used,
        covered_units = excluded.covered_units
), entered as (
    insert into billing_partneraccrual
        (term_id, partner_id, currency, posted_on, calls, used, earned, worth, amount)
    select term_id, partner_id, currency, posted_on, calls, used, earned, worth,
        {minor("through")} - {minor("through - worth")}
    from counted
    returning partner_id, posted_on, currency, worth, amount
), summed as (
    insert into billing_partnertotal as t (partner_id, currency, worth, accrued)
    select partner_id, currency, sum(worth), sum(amount) from entered group by 1, 2
    on conflict (partner_id, currency) do update
    set worth = t.worth + excluded.worth, accrued = t.accrued + excluded.accrued
), marked as (
    insert into billing_partnerwatermark (customer_id, version)
    select customer_id, version from waiting
    on conflict (customer_id) do update set version = excluded.version
)
select partner_id, posted_on, currency, amount from entered
"""
