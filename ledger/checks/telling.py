"""Nobody runs dry by surprise."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "marks",
        "A wallet's marks are the nearest balances that it has something to tell of",
        "A debit looks at these only: one that is wrong is an alert that nobody gets.",
        """
        select w.customer_id, w.low_mark, w.high_mark, w.dry, t.low, t.high
        from (select *, balance - held - frozen as available from wallet) w left join lateral (
            select max(level) filter (where not crossed and purpose <> 'dry') as low,
                min(recovers_at) filter (where crossed) as high,
                coalesce(bool_or(purpose = 'dry' and crossed), false) as dry
            from threshold t where t.customer_id = w.customer_id and level is not null
        ) t on true
        where w.version > 0 and (
            w.dry <> t.dry or w.high_mark <> coalesce(t.high, w.high_mark)
            or w.available > 0
                and w.low_mark < coalesce(t.low, case when w.dry then w.low_mark else 0 end)
            or t.low >= w.available or w.available <= w.low_mark or w.available >= w.high_mark)
        """,
    ),
    Check(
        "outbox",
        "What is to be handed on is an event, once",
        "An event that is told twice or never is an alert that cries wolf or stays silent.",
        """
        select o.customer_id, o.event_id, e.kind, e.delivered_at
        from waiting o left join event e on (e.customer_id, e.id) = (o.customer_id, o.event_id)
        where e.id is null or e.delivered_at is not null
        union all
        select customer_id, event_id, 'twice', null from waiting group by 1, 2 having count(*) > 1
        union all
        select customer_id, null, 'nobody hands it on', null from waiting
        where customer_id not in (select customer_id from ledger_relay)
        """,
    ),
]
