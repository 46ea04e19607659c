"""One key, one request, one answer."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "key-once",
        "A key that names a row has no other meaning",
        "One key, one request, one answer.",
        """
        select k.customer_id, k.key, k.answers from key k
        where (k.customer_id, k.key) in (select customer_id, id from reservation)
            or (answers <> 'result' or result->>'transaction_id' is distinct from k.key::text)
            and (k.customer_id, k.key) in (select customer_id, id from transfer)
        union all
        select customer_id, id, t.kind from reservation r join transfer t using (customer_id, id)
        where t.reservation_id is distinct from r.id or t.kind <> 'commit'
        """,
    ),
    Check(
        "key-last",
        "No key is above the wallet's last one",
        "A higher key is taken for a new one, and its request would be done twice.",
        """
        select customer_id, x.key, w.last_key from wallet w join (
            select customer_id, key from key where substr(key::text, 15, 1) = '7'
            union all
            select customer_id, id from (
                select customer_id, id, request from hold
                union all select customer_id, id, request from call
            ) r
            where request is not null
                and (customer_id, id) not in (
                    select customer_id, reservation_id from key where reservation_id is not null)
        ) x using (customer_id)
        where (x.key > w.last_key) is not false
        """,
    ),
    Check(
        "key-answer",
        "Every remembered key can be answered again",
        "A replay is the first answer, byte for byte.",
        """
        select k.customer_id, k.key, k.answers, k.reservation_id
        from key k
            left join reservation r on r.customer_id = k.customer_id and r.id = k.reservation_id
        where case answers when 'result' then result is null when 'reserve' then r.id is null
            when 'end' then r.id is null or r.state = 'held' else true end
        """,
    ),
]
