"""Sums of calls, beside the calls."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "usage-sums",
        "Every day's sums of usage are those of its calls",
        "Usage is told from sums, and is what the call log says.",
        """
        select customer_id, day, price_id, outcome, state,
            sum(calls)::bigint as calls_too_many, sum(amount)::bigint as amount_too_much
        from (
            select customer_id, day, price_id, api_key_id, outcome, state, calls, amount
            from usage_day
            union all
            select customer_id, (c.created_at at time zone 'UTC')::date, c.price_id, c.api_key_id,
                c.outcome,
                case when c.committed > 0 or c.state = 'reversed' then 'committed' else c.state end,
                -sum(coalesce(c.calls, 1)), -sum(c.committed - c.reversed)
            from call c join usage_until u using (customer_id)
            where c.id < u.below
            group by 1, 2, 3, 4, 5, 6
            union all
            select customer_id, day, price_id, api_key_id, outcome, state,
                -calls, -(committed - reversed)
            from detached_sum where summed
        ) x
        group by customer_id, day, price_id, api_key_id, outcome, state
        having sum(calls) <> 0 or sum(amount) <> 0
        """,
    ),
    Check(
        "usage-until",
        "No open hold is among the calls that are summed",
        "A call is summed when it has ended, for its sums are not looked at again.",
        """
        select h.customer_id, h.id as reservation_id, h.price_id, h.created_at
        from hold h join usage_until u using (customer_id)
        where h.id < u.below and h.lease is null
        """,
    ),
]
