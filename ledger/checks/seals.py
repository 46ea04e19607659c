"""Seals: old transfers are what they were when they were sealed. See docs/audit.md."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "seals",
        "Sealed transfers are as they were when they were sealed",
        "Nobody changes, removes or adds old history unseen, whatever rights they have.",
        """
        select s.customer_id, s.version_from, s.version_to, s.sealed_at,
            s.transfers as sealed, x.transfers as found
        from seal s, ledger_seal_now(
            (s.customer_id, s.version_from, s.version_to, s.format, s.transfers, s.salt,
            s.previous, s.digest, s.sealed_at)::ledger_seal) x
        where x.digest <> s.digest or x.transfers <> s.transfers
        """,
    ),
    Check(
        "seal-chain",
        "Each seal goes on from the one before it",
        "A seal that was removed or made anew takes those after it along.",
        """
        select customer_id, version_from, version_to, sealed_at from (
            select *,
                lag(version_to, 1, 0::bigint) over w as before_to,
                lag(digest, 1, decode(repeat('00', 32), 'hex')) over w as before_digest
            from seal window w as (partition by customer_id order by version_from)
        ) x
        where version_from <> before_to + 1 or previous <> before_digest
        union all
        select s.customer_id, max(s.version_from), max(s.version_to), max(s.sealed_at)
        from seal s left join wallet w using (customer_id)
        group by s.customer_id, w.version having max(s.version_to) > coalesce(w.version, 0)
        """,
    ),
]
