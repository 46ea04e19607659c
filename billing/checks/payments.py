"""What was bought was paid for, and issued; what went back of it was taken."""

from ledger.checks import Check

CHECKS = [
    Check(
        "purchase-paid",
        "A purchase is paid when it has its payment, of its total and its tax",
        "Nothing is given that was not paid for, and nothing is kept that bought nothing.",
        """
        select customer_id, x.purchase, x.state, x.total, p.amount, x.tax, p.tax as tax_paid
        from purchase x left join billing_payment p on p.purchase_id = x.id
        where (x.state = 'paid') <> (p.purchase_id is not null)
            or (x.total, x.tax) <> (p.amount, p.tax)
        """,
    ),
    Check(
        "payment-lots",
        "A payment's lots exist, and all that were issued for it are its own",
        "Issued twice, it would have a lot too many.",
        """
        select customer_id, purchase, p.lots as lot_ids, l.lots as issued_lot_ids
        from (
            select customer_id, purchase, array(select unnest(lots) order by 1) as lots from payment
        ) p full join (
            select customer_id, document as purchase, array_agg(id order by id) as lots
            from lot_row where starts_with(document, 'pur_') group by 1, 2
        ) l using (customer_id, purchase)
        where p.lots is distinct from l.lots
        """,
    ),
    Check(
        "payment-issued",
        "A payment's credits, net and tax are what was issued for it",
        "The price of every credit that is sold is deferred until the credit is used.",
        """
        select customer_id, purchase, p.credits, t.credits as issued, p.net, t.net as deferred,
            p.tax, t.tax as tax_entered
        from (
            select p.customer_id, p.purchase, p.currency, p.amount - p.tax as net, p.tax,
                x.credits + x.bonus_credits as credits
            from payment p join purchase x on x.id = p.purchase_id
        ) p full join (
            select customer_id, purchase, max(unit) filter (where unit <> 'CR') as currency,
                sum(amount) filter (where unit = 'CR') as credits,
                coalesce(sum(amount) filter (where credit = '2100'), 0) as net,
                coalesce(sum(amount) filter (where credit = '2200'), 0) as tax
            from of_payment where kind = 'grant' group by 1, 2
        ) t using (customer_id, purchase, currency)
        where (p.credits, p.net, p.tax) is distinct from (t.credits, t.net, t.tax)
        """,
    ),
    Check(
        "payment-price",
        "A payment's lots carry its net and its tax",
        "A lot's price is what its credits become revenue by.",
        """
        select customer_id, purchase, p.amount - p.tax as net, l.price, p.tax, x.tax_on_use,
            l.tax as lots_tax
        from payment p join purchase x using (customer_id, purchase) join (
            select customer_id, document as purchase, sum(units) as units, sum(price) as price,
                sum(tax) as tax
            from lot_row where starts_with(document, 'pur_') group by 1, 2
        ) l using (customer_id, purchase)
        -- What is left of a lot when a part moves away is a new basis of its price, and of tax
        -- that is due on use.
        where x.tax_on_use = 0 and p.tax <> l.tax
            or (p.amount - p.tax <> l.price or p.tax + x.tax_on_use <> l.tax)
            and l.units = x.credits + x.bonus_credits
        """,
    ),
    Check(
        "payment-returned",
        "A payment's running totals are its refunds and disputes, and no more than came",
        "Refunds, disputes and wins come in any order, and never give money back twice.",
        """
        select customer_id, purchase, p.amount, p.refunded, r.refunded as by_refunds, p.fees_kept,
            r.fees_kept as by_fees, p.disputed, d.disputed as by_disputes, p.clawed_back,
            d.clawed_back as by_lost, p.tax_returned
        from payment p, lateral (
            select coalesce(sum(amount - fee_kept), 0) as refunded,
                coalesce(sum(fee_kept), 0) as fees_kept
            from billing_refund r
            where r.payment_id = p.purchase_id and state <> 'failed'
        ) r, lateral (
            select coalesce(sum(amount - excess) filter (where state = 'open'), 0) as disputed,
                coalesce(sum(amount - excess) filter (where state = 'lost'), 0) as clawed_back
            from billing_dispute d where d.payment_id = p.purchase_id
        ) d
        where (p.refunded, p.fees_kept, p.disputed, p.clawed_back)
                <> (r.refunded, r.fees_kept, d.disputed, d.clawed_back)
            or p.refunded + p.fees_kept + p.disputed + p.clawed_back > p.amount
            or p.tax_returned not between 0 and p.tax
        """,
    ),
    Check(
        "payment-taken",
        "The credits taken back for a payment are those of its refunds and lost disputes",
        "Who is given money back does not keep the credits.",
        """
        select customer_id, purchase, p.taken, coalesce(t.taken, 0) as by_transfers
        from (
            select p.customer_id, p.purchase,
                (select coalesce(sum(credits), 0) from billing_refund r
                    where r.payment_id = p.purchase_id and state <> 'failed')
                + (select coalesce(sum(clawed_credits), 0) from billing_dispute d
                    where d.payment_id = p.purchase_id) as taken
            from payment p
        ) p full join (
            select customer_id, purchase,
                sum(case when credit = 'U32' then amount else -amount end) as taken
            from of_payment where 'U32' in (debit, credit) group by 1, 2
        ) t using (customer_id, purchase)
        where p.taken is distinct from coalesce(t.taken, 0)
        """,
    ),
]
