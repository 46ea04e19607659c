"""Credits that were used on credit are of no lot until one covers them. What covers first pays for
what was used first: both lie on a line, calls in the order of their use and lots in that of their
covering, and what lies beside a call is of it. So it follows from what calls and lots have by now,
and a reversal, or what is uncovered, moves the rest up.

Of customers on credit all calls are looked at when one of them moves; of others none.
"""

from billing.partners.rule import filled


def own(net: str, most: str) -> str:
    """How much of what call `r` used on credit is among its first so many credits."""
    return f"""(
            select coalesce(sum({filled(f"least({net}, {most})")} - (upto - used)), 0) from (
                select lot, used, sum(used) over (order by i) as upto
                from unnest(r.lots, r.used) with ordinality u(lot, used, i)
            ) u
            where lot is null
        )"""


# Reads `on_credit`: customers, each up to a version of the wallet.
LINES = """
owed as (
    select c.customer_id, t.reservation_id, min(t.version) filter (where t.lot_id is null) as first,
        sum(case t.credit when 'U30' then t.amount else -t.amount end) as net,
        sum(case t.credit when 'U30' then t.amount else -t.amount end)
            filter (where t.lot_id is null) as units
    from on_credit c
        join ledger_transfer t on uuid_hash(t.customer_id) = uuid_hash(c.customer_id)
            and t.customer_id = c.customer_id and t.version <= c.version
    where t.kind in ('commit', 'reverse') and t.reservation_id is not null group by 1, 2
), owing as materialized (
    select *, sum(units) over (partition by customer_id order by first, reservation_id) as upto
    from owed where units > 0
), covering as materialized (
    select *, sum(units) over (partition by customer_id order by first, lot_id) as upto from (
        select c.customer_id, t.lot_id, min(t.version) as first,
            sum(case t.credit when 'U30' then t.amount else -t.amount end) as units
        from on_credit c
            join ledger_transfer t on uuid_hash(t.customer_id) = uuid_hash(c.customer_id)
                and t.customer_id = c.customer_id and t.version <= c.version
        where t.kind in ('cover', 'uncover') and t.lot_id is not null group by 1, 2
    ) x
    where units > 0
)"""
# Two segments of the line, and what of the first is covered by the second.
BESIDE = "o.since < v.upto and v.upto - v.units < o.upto"
USED = "sum(least(o.upto, v.upto) - greatest(o.since, v.upto - v.units))"
OWN = "sum(greatest(least(o.since + o.own, v.upto) - greatest(o.since, v.upto - v.units), 0))"
COVERED = f"""{LINES}, owing_shared as (
    select o.customer_id, o.upto - o.units as since, o.upto, x.id as term_id,
        {own("o.net", "x.credits * r.calls")} as own
    from owing o
        join ledger_reservation r
            on r.customer_id = o.customer_id and r.id = o.reservation_id
        join ledger_price p on p.id = r.price_id
        left join ledger_transfer f
            on f.customer_id = r.customer_id and f.id = r.transaction_id
        join billing_partnerterm x on x.endpoint_id = p.endpoint_id
            and tstzrange(x.starts_at, x.ends_at) @> coalesce(f.effective_at, r.created_at)
), covered as materialized (
    select o.customer_id, o.term_id, v.lot_id,
        {USED} as used, {OWN} as units
    from owing_shared o join covering v on v.customer_id = o.customer_id and {BESIDE}
    group by 1, 2, 3
)"""
