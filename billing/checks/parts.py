"""Refunds and disputes add up, and what is frozen is in dispute."""

from ledger.checks import Check

CHECKS = [
    Check(
        "refund-parts",
        "A refund's parts add up to it, and are of its payment's lots",
        "Should it fail, each part goes back to where it came from.",
        """
        select customer_id, purchase, refund, r.amount, r.net, r.tax, r.concession,
            x.net as lots_net, r.credits, x.credits as lots_credits
        from refund r, lateral (
            select coalesce(sum(net), 0) as net, coalesce(sum(credits), 0) as credits
            from unnest(r.lot_net, r.lot_credits) p(net, credits)
        ) x
        where r.amount <> r.net + r.tax or r.net <> x.net + r.concession or r.credits <> x.credits
            or cardinality(r.lots) <> cardinality(r.lot_net)
            or cardinality(r.lots) <> cardinality(r.lot_credits)
            or not r.lots <@ r.payment_lots or least(r.tax, r.credits, r.pending) < 0
        """,
    ),
    Check(
        "dispute-parts",
        "A dispute's parts add up to it, and are of its payment's lots",
        "It takes no more than the credits that its money bought.",
        """
        select customer_id, purchase, dispute, d.amount, d.excess, d.fee, d.fee_returned, d.credits,
            d.frozen, x.frozen as lots_frozen, d.clawed_credits
        from dispute d, lateral (
            select coalesce(sum(frozen), 0) as frozen from unnest(d.lot_credits) p(frozen)
        ) x
        where d.frozen <> x.frozen or cardinality(d.lots) <> cardinality(d.lot_credits)
            or not d.lots <@ d.payment_lots or d.excess not between 0 and d.amount
            or d.fee_returned not between 0 and d.fee
            or greatest(d.frozen, d.clawed_credits) > d.credits
            or d.clawed_credits <> 0 and d.state <> 'lost'
        """,
    ),
    Check(
        "dispute-frozen",
        "What is frozen of a payment's lots is what its open disputes froze",
        "A dispute that is decided leaves nothing frozen.",
        """
        select customer_id, p.purchase, lot_id, l.frozen, coalesce(d.frozen, 0) as by_disputes
        from (select customer_id, purchase, unnest(lots) as lot_id from payment) p
            join (select customer_id, id as lot_id, frozen from lot) l using (customer_id, lot_id)
            left join (
                select customer_id, x.lot_id, sum(x.frozen) as frozen
                from dispute, unnest(lots, lot_credits) x(lot_id, frozen)
                where state = 'open' group by 1, 2
            ) d using (customer_id, lot_id)
        where l.frozen <> coalesce(d.frozen, 0)
        """,
    ),
]
