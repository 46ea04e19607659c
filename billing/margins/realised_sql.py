"""The statement of realised margins: calls, what they earned and what they cost, of a period."""

from billing.books.counted import REAL
from billing.partners.covering import BESIDE, LINES, OWN, USED, own

# Of a currency and a day, the rate to the functional currency: its own is one.
_RATE = """
left join lateral (
    select r.rate from billing_exchangerate r
    where r.currency = x.currency and r."to" = %(to)s and r.day <= x.day
    order by r.day desc limit 1
) r on true
"""

MARGINS = f"""
with component as materialized (
    select endpoint_id, quantity, amount, currency, starts_on,
        lead(starts_on) over (partition by endpoint_id, quantity order by starts_on) as next
    from billing_endpointcost
), term as materialized (
    select endpoint_id, starts_at, ends_at, coalesce(percent, 100) as percent, credits as most
    from billing_partnerterm where ends_at is null or ends_at > starts_at
), call as materialized (
    select r.customer_id, r.id, p.endpoint_id, (r.created_at at time zone b.time_zone)::date as day,
        r.committed - r.reversed as net, r.lots, r.used, coalesce(t.percent, 0) as percent,
        case when t.percent is null then 0 else t.most * r.calls end as most, r.calls,
        -- Of calls that came back from a file, JSON's null may be none.
        nullif(coalesce(r.used_quantities, r.quantities), 'null') as quantities
    from ledger_reservation r
        cross join ledger_books b
        left join ledger_price p on p.id = r.price_id
        left join term t on t.endpoint_id = p.endpoint_id
            and r.created_at >= t.starts_at and (t.ends_at is null or r.created_at < t.ends_at)
    where r.id >= %(lowest)s and r.id < %(highest)s
        and r.created_at >= %(start)s and r.created_at < %(end)s
        and (r.state in ('committed', 'reversed') or r.committed > 0 or r.outcome is not null)
        and {REAL.format("r")}
), on_credit as materialized (
    select distinct customer_id, w.version from call join ledger_wallet w using (customer_id)
    where array_position(call.lots, null) is not null and net > 0
), {LINES}, owing_shared as (
    select r.customer_id, r.endpoint_id, r.percent, o.upto - o.units as since, o.upto,
        {own("r.net", "r.most")} as own
    from owing o join call r on r.customer_id = o.customer_id and r.id = o.reservation_id
), counted as (
    select endpoint_id, customer_id, day, sum(calls) as calls, sum(net) as credits
    from call group by 1, 2, 3
), part as (
    -- Nearly all calls are of one lot.
    select endpoint_id, customer_id, lots[1] as lot_id, percent, sum(net) as units,
        sum(least(net, most)) as shared
    from call where cardinality(lots) = 1 and net > 0 group by 1, 2, 3, 4
    union all
    select endpoint_id, customer_id, x.lot, percent,
        sum(least(greatest(net, upto - x.used), upto) - (upto - x.used)),
        sum(least(greatest(least(net, most), upto - x.used), upto) - (upto - x.used))
    from call cross join lateral (
        select lot, used, sum(used) over (order by i) as upto
        from unnest(call.lots, call.used) with ordinality u(lot, used, i)
    ) x
    where cardinality(lots) > 1 and net > 0 group by 1, 2, 3, 4
    union all
    -- What was used on credit, of the lots that cover it.
    select o.endpoint_id, o.customer_id, v.lot_id, o.percent, {USED}, {OWN}
    from owing_shared o join covering v on v.customer_id = o.customer_id and {BESIDE}
    group by 1, 2, 3, 4
), earned as (
    select p.endpoint_id, p.customer_id, l.currency,
        (l.issued_at at time zone b.time_zone)::date as day,
        sum(l.price::numeric * p.units / l.units) as revenue,
        sum(l.price::numeric * p.shared * p.percent / (100 * l.units::numeric)) as share
    from part p
        cross join ledger_books b
        join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
    where l.price > 0 group by 1, 2, 3, 4
), measured as (
    select c.endpoint_id, c.customer_id, c.day, k.name, sum(c.calls) as calls,
        sum((c.quantities->>k.name)::numeric) as quantity
    from call c join lateral jsonb_object_keys(c.quantities) k(name) on true
    group by 1, 2, 3, 4
), spent as (
    select c.endpoint_id, c.customer_id, k.currency, c.day, sum(c.calls * k.amount) as cost
    from counted c join component k on k.endpoint_id = c.endpoint_id and k.quantity = ''
        and c.day >= k.starts_on and (k.next is null or c.day < k.next)
    group by 1, 2, 3, 4
    union all
    select m.endpoint_id, m.customer_id, k.currency, m.day, sum(m.quantity * k.amount)
    from measured m join component k on k.endpoint_id = m.endpoint_id and k.quantity = m.name
        and m.day >= k.starts_on and (k.next is null or m.day < k.next)
    group by 1, 2, 3, 4
), scale as (
    select * from unnest(%(currencies)s::text[], %(sub_units)s::numeric[]) s(currency, sub_unit)
), money as (
    select endpoint_id, customer_id, currency, day, sum(revenue) as revenue, sum(share) as share,
        sum(cost) as cost
    from (
        select endpoint_id, customer_id, currency, day, revenue / sub_unit as revenue,
            share / sub_unit as share, 0 as cost
        from earned join scale using (currency)
        union all
        select endpoint_id, customer_id, currency, day, 0, 0, cost from spent
    ) x
    group by 1, 2, 3, 4
), rate as materialized (
    select x.currency, x.day, case when x.currency = %(to)s then 1 else r.rate end as rate
    from (select distinct currency, day from money) x {_RATE}
), line as (
    select endpoint_id, customer_id, currency, 0 as calls, 0 as credits, revenue, share, cost,
        revenue * rate as to_revenue, share * rate as to_share, cost * rate as to_cost,
        case when rate is null then currency || ' ' || day end as missing
    from money join rate using (currency, day)
    union all
    select endpoint_id, customer_id, null, calls, credits, 0, 0, 0, 0, 0, 0, null from counted
)
select case grouping(endpoint_id) when 0 then 'endpoint' else 'customer' end, endpoint_id,
    customer_id, currency, sum(calls)::bigint, sum(credits)::bigint,
    sum(revenue), sum(share), sum(cost),
    coalesce(sum(to_revenue), 0), coalesce(sum(to_share), 0), coalesce(sum(to_cost), 0),
    min(missing)
from line group by grouping sets ((endpoint_id, currency), (customer_id, currency))
union all
select 'quantity', endpoint_id, null, name, sum(calls)::bigint, 0,
    sum(quantity), 0, 0, 0, 0, 0, null
from measured where endpoint_id is not null group by endpoint_id, name
"""
