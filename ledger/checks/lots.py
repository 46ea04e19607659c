"""Credits that were issued together, with their price."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "lot-remaining",
        "What remains of a lot is account U20 of its transfers",
        "Each lot is explained by the books, line by line.",
        """
        select customer_id, l.id as lot_id, l.remaining, coalesce(t.remaining, 0) as by_transfers
        from lot l left join (
            select customer_id, lot_id as id, sum(amount) as remaining from side
            where account = 'U20' group by 1, 2
        ) t using (customer_id, id)
        where l.remaining <> coalesce(t.remaining, 0)
        """,
    ),
    Check(
        "lot-issued",
        "A lot's units were issued, once",
        "Issued = available + consumed + expired + refunded + escheated + voided + moved.",
        """
        select customer_id, l.id as lot_id, l.units, coalesce(t.issued, 0) as issued
        from lot l left join (
            select customer_id, lot_id as id, bool_or(credit = 'U35') as moved,
                bool_or(kind = 'concession') as grown,
                sum(amount) filter (where debit in ('U10', 'U35')) as issued
            from transfer where unit = 'CR' group by 1, 2
        ) t using (customer_id, id)
        -- What is left of a lot when a part moves away is a new basis of its price.
        -- What a concession adds to is one, too.
        where l.units <> coalesce(t.issued, 0) and not (t.moved or t.grown) or l.units > t.issued
        """,
    ),
    Check(
        "lot-accounts",
        "No account of a lot is below zero",
        "Only what was consumed can be given back, only what expired reinstated.",
        """
        select customer_id, lot_id, account, sum(amount) as amount from side
        where lot_id is not null and account not in ('U10', 'U35')
        group by 1, 2, 3 having sum(amount) < 0
        """,
    ),
    Check(
        "lot-held",
        "What a lot holds is what the open holds took of it",
        "The hold names the lots that it takes.",
        """
        select customer_id, l.id as lot_id, l.held, coalesce(h.held, 0) as by_holds
        from lot l left join (
            select customer_id, lot_id as id, sum(split - used) as held from part
            where state = 'held' group by 1, 2
        ) h using (customer_id, id)
        where l.held <> coalesce(h.held, 0)
        """,
    ),
    Check(
        "lot-counters",
        "A lot covers what is held and frozen of it, and is open while something remains",
        "A closed lot is never looked at again.",
        """
        select l.customer_id, l.id as lot_id, l.remaining, l.held, l.frozen, l.open
        from lot l join wallet w using (customer_id)
        where l.remaining < l.held + l.frozen or least(l.held, l.frozen) < 0
            or l.open <> (l.remaining > 0) and l.id is distinct from w.head_id
        """,
    ),
    Check(
        "lot-order",
        "A wallet's lots are numbered in the order of their issue",
        "The oldest is spent first among equals.",
        """
        select customer_id, w.lots, count(l.id) as found, max(l.seq) as last
        from wallet w left join lot l using (customer_id)
        group by 1, 2
        having (w.lots, w.lots) <> (count(distinct l.seq), coalesce(max(l.seq), 0))
            or count(l.id) <> w.lots
        """,
    ),
    Check(
        "lot-price",
        "Paid lots have a currency, and lots that nobody paid for have no price",
        "Every credit that is sold carries its cost; a gift never becomes revenue.",
        """
        select customer_id, id as lot_id, kind, price, tax, currency from lot
        where kind in ('paid', 'bonus') and (kind = 'paid' or price > 0) and currency is null
            or kind not in ('paid', 'bonus') and (price <> 0 or tax <> 0)
        """,
    ),
    Check(
        "lot-currency",
        "Money of a lot is in the lot's currency",
        "One lot is one currency; nothing nets across.",
        """
        select t.customer_id, t.lot_id, t.transaction_id, t.unit, l.currency
        from transfer t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
        where t.unit <> 'CR' and t.unit is distinct from l.currency
        """,
    ),
    Check(
        "lot-expiry",
        "Nothing was spent from an expired lot, but what was held before",
        "Expired credit is gone from that second; a hold keeps what it named.",
        """
        select t.customer_id, t.lot_id, t.transaction_id, t.kind, t.posted_at, l.expires_at
        from transfer t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
            left join reservation r on r.customer_id = t.customer_id and r.id = t.reservation_id
        -- A lost dispute takes what was frozen before, and expired credit could not be.
        where t.debit = 'U20' and t.credit not in ('U31', 'U33') and t.kind <> 'dispute'
            and t.posted_at >= l.expires_at
            and coalesce(t.kind <> 'commit' or r.created_at >= l.expires_at, true)
            -- When calls that are kept in files were made, the files say.
            and not exists (
                select from ledger_detached d
                where t.reservation_id >= d.low and t.reservation_id < d.above)
        """,
    ),
]
