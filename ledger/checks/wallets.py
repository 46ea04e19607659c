"""A customer's balance, and what of it is held and frozen."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "wallet-balance",
        "A wallet's balance is account U20 of its transfers",
        "The wallet is a copy for speed; the transfers are the books.",
        """
        select customer_id, w.balance, coalesce(t.balance, 0) as by_transfers
        from wallet w left join (
            select customer_id, sum(amount) as balance from side where account = 'U20' group by 1
        ) t using (customer_id)
        where w.balance <> coalesce(t.balance, 0)
        """,
    ),
    Check(
        "wallet-debt",
        "A wallet's debt is what was spent without a lot",
        "Credit that no lot has covered yet is owed.",
        """
        select customer_id, w.debt, coalesce(t.debt, 0) as by_transfers
        from wallet w left join (
            select customer_id, -sum(amount) as debt from side
            where account = 'U20' and lot_id is null group by 1
        ) t using (customer_id)
        where w.debt <> coalesce(t.debt, 0)
        """,
    ),
    Check(
        "wallet-lots",
        "What remains of a wallet's lots, less its debt, is its balance",
        "Every credit belongs to a lot, which carries its cost.",
        """
        select customer_id, w.balance, w.debt, coalesce(sum(l.remaining), 0) as remaining
        from wallet w left join lot l using (customer_id)
        group by 1, 2, 3 having coalesce(sum(l.remaining), 0) - w.debt <> w.balance
        """,
    ),
    Check(
        "wallet-held",
        "What a wallet holds is what its open holds still hold",
        "A leaked hold would block the customer for ever.",
        """
        select customer_id, w.held, coalesce(h.held, 0) as by_holds
        from wallet w left join (
            select customer_id, sum(split - used) as held from part where state = 'held' group by 1
        ) h using (customer_id)
        where w.held <> coalesce(h.held, 0)
        """,
    ),
    Check(
        "wallet-frozen",
        "What is frozen of a wallet is what is frozen of its lots",
        "A freeze names the credits that are in dispute.",
        """
        select customer_id, w.frozen, coalesce(sum(l.frozen), 0) as by_lots
        from wallet w left join lot l using (customer_id)
        group by 1, 2 having w.frozen <> coalesce(sum(l.frozen), 0)
        """,
    ),
    Check(
        "wallet-limit",
        "No wallet is below its credit limit, and no counter of it below zero",
        "Nobody spends what he does not have.",
        """
        select customer_id, balance, held, frozen, credit_limit, debt, forced from wallet
        where balance - held - frozen < -credit_limit - forced
            or least(held, frozen, credit_limit, debt, lots, head_free, head_held) < 0
        """,
    ),
    Check(
        "wallet-head",
        "A wallet's head is an open lot of its own",
        "The head's counters live on the wallet; without a head there are none.",
        """
        select w.customer_id, w.head_id as lot_id, w.head_free, w.head_held
        from wallet w left join lot l on l.customer_id = w.customer_id and l.id = w.head_id
        where case when w.head_id is null then w.head_free <> 0 or w.head_held <> 0
            else l.open is distinct from true end
        """,
    ),
    Check(
        "order-of-use",
        "No lot that can be spent stands before the head",
        "Priority, earliest expiry, promotional before paid, oldest: the head is spent next.",
        """
        select w.customer_id, l.id as lot_id, w.head_id as head
        from clock, wallet w
            join lot l using (customer_id)
            left join lot h on h.customer_id = w.customer_id and h.id = w.head_id
        where l.remaining > l.held + l.frozen and coalesce(l.expires_at > now, true)
            and l.id is distinct from w.head_id
            and (h.id is null or (l.priority, coalesce(l.expires_at, 'infinity'), l.paid, l.seq)
                < (h.priority, coalesce(h.expires_at, 'infinity'), h.paid, h.seq))
        """,
    ),
    Check(
        "due",
        "A wallet wakes no later than its next expiry",
        "An expired hold is free, and an expired lot gone, from that second on.",
        """
        select customer_id, w.due_at, min(x.expires_at) as expires_at
        from wallet w join (
            select customer_id, expires_at from hold
            union all
            select l.customer_id, l.expires_at from clock, lot l join wallet w using (customer_id)
            where l.remaining > 0
                and (l.expires_at > now or l.remaining > l.held + l.frozen or l.id = w.head_id)
        ) x using (customer_id)
        group by 1, 2 having coalesce(w.due_at, 'infinity') > min(x.expires_at)
        """,
    ),
]
