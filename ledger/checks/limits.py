"""What limits have counted, and what a month has had."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "caps",
        "A cap has counted what the calls and holds of its window took",
        "One micro-credit too few is spent twice, one too many is refused.",
        """
        select customer_id, c.id, c.scope, c.subject, c.period, c.used, c.by_calls
        from wallet w cross join lateral ledger_caps_of(w.customer_id) c
        where (w.metered or (w.meter).charged is not null) and c.used is distinct from c.by_calls
        """,
    ),
    Check(
        "meters",
        "A meter is what its limits say, and has as many open holds as there are",
        "It answers for the limits wherever it has nothing to say.",
        """
        select customer_id, m.scope, m.subject, m.holds, m.by_holds, m.mark, m.mark_by_limits
        from wallet w cross join lateral ledger_meters_of(w.customer_id) m
        where (w.metered or (w.meter).charged is not null)
            and (m.holds, m.mark) is distinct from (m.by_holds, m.mark_by_limits)
        """,
    ),
    Check(
        "tallies",
        "A month has had the quantities of its calls and holds",
        "Tiers and free quotas are of what the month has had.",
        """
        select customer_id, t.endpoint_id, t.month, t.unit, t.counted, t.by_calls
        from wallet w cross join lateral ledger_tallies_of(w.customer_id) t
        where w.customer_id in (select customer_id from tally) and t.counted <> t.by_calls
        """,
    ),
]
