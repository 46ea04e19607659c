"""What was held, and what became of it."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "settled-once",
        "No reservation is open and ended",
        "A hold ends once: committed, released or expired.",
        """
        select customer_id, id as reservation_id, h.price_id, c.state
        from hold h join call c using (customer_id, id)
        """,
    ),
    Check(
        "reservation-parts",
        "A reservation's parts add up to it",
        "It names what it took of each lot, and what was committed of that.",
        """
        select customer_id, id as reservation_id, price_id, amount, committed, split, used
        from reservation r, lateral (
            select coalesce(sum(p.split), 0) as split_sum, coalesce(sum(p.used), 0) as used_sum,
                coalesce(bool_and(p.used between 0 and p.split), true) as fits
            from unnest(r.split, r.used) p(split, used)
        ) x
        where cardinality(lots) <> cardinality(split) or cardinality(lots) <> cardinality(used)
            or x.fits is not true or x.used_sum <> committed
            or x.split_sum < amount or x.split_sum > amount and overrun <> 'available'
                -- A commit that came after the expiry took anew what it took.
                and (state in ('committed', 'reversed') and ended_at >= expires_at
                    and expires_at > created_at) is not true
        """,
    ),
    Check(
        "reservation-state",
        "A reservation's state is one of the known, and fits what was reversed",
        "A reservation that has been given back as a whole is reversed, and no other is.",
        """
        select customer_id, id as reservation_id, price_id, state, committed, reversed
        from reservation
        where state not in ('held', 'committed', 'released', 'expired', 'reversed')
            or overrun not in ('reject', 'cap', 'available', 'debt')
            or reversed not between 0 and committed
            or state = 'reversed' and reversed < committed
            or state <> 'reversed' and reversed = committed and reversed > 0
        """,
    ),
    Check(
        "reservation-transfers",
        "What a reservation committed of each lot was transferred, and no more given back",
        "Every debit names its lots; reversals go back to the same ones.",
        """
        select customer_id, reservation_id, lot_id,
            sum(used) as used, sum(committed) as committed, sum(reversed) as reversed
        from (
            select customer_id, reservation_id, lot_id, used, 0 as committed, 0 as reversed
            from part
            union all
            select customer_id, reservation_id, lot_id, 0,
                case kind when 'commit' then amount else 0 end,
                case kind when 'reverse' then amount else 0 end
            from transfer t where kind in ('commit', 'reverse') and not exists (
                select from ledger_detached d
                where t.reservation_id >= d.low and t.reservation_id < d.above)
        ) x
        group by 1, 2, 3 having sum(used) <> sum(committed) or sum(reversed) > sum(used)
        """,
    ),
    Check(
        "detached-transfers",
        "What calls that are kept in files committed, and had back, was transferred",
        "Their months are proved by their sums, which stay.",
        """
        select customer_id, month, sum(committed) as committed, sum(reversed) as reversed from (
            select customer_id, month, committed, reversed from detached_sum
            union all
            select t.customer_id, d.month, case kind when 'commit' then -amount else 0 end,
                case kind when 'reverse' then -amount else 0 end
            from transfer t join ledger_detached d
                on t.reservation_id >= d.low and t.reservation_id < d.above
            where kind in ('commit', 'reverse')
        ) x
        group by 1, 2 having sum(committed) <> 0 or sum(reversed) <> 0
        """,
    ),
    Check(
        "reservation-reversed",
        "What was reversed of a reservation was transferred back",
        "A correction is a new transaction, never an edit.",
        """
        select customer_id, id as reservation_id, price_id, reversed,
            coalesce(t.amount, 0) as by_transfers
        from reservation left join (
            select customer_id, reservation_id as id, sum(amount) as amount from transfer
            where kind = 'reverse' group by 1, 2
        ) t using (customer_id, id)
        where reversed <> coalesce(t.amount, 0)
        """,
    ),
    Check(
        "reservation-transaction",
        "The transaction that a reservation names is its own commit",
        "The answer to a commit names the transaction that made it.",
        """
        select r.customer_id, r.id as reservation_id, r.price_id, r.transaction_id
        from reservation r
            left join transfer t on t.customer_id = r.customer_id and t.id = r.transaction_id
        where r.transaction_id is not null and (t.kind, t.reservation_id, t.transaction_id)
            is distinct from ('commit', r.id, r.transaction_id)
        """,
    ),
    Check(
        "reservation-price",
        "Every pinned price exists",
        "A hold is settled at the price that it was made at.",
        """
        select customer_id, id as reservation_id, price_id from reservation r
        where price_id <> 0 and not exists (select from ledger_price p where p.id = r.price_id)
        """,
    ),
]
