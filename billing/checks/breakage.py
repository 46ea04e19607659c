"""Breakage is what the engine found last."""

from ledger.checks import Check

_LAST = """
select distinct on (cohort) * from billing_breakagerun order by cohort, as_of desc, id desc
"""

CHECKS = [
    Check(
        "breakage-posted",
        "Breakage revenue of a cohort is N of the last run of the engine",
        "The engine sets 4200, and nobody else does (R3).",
        f"""
        select cohort, r.as_of, r.n, p.recognised from ({_LAST}) r full join (
            select cohort, -sum(amount) as recognised from ledger_posting
            where account = '4200' group by 1
        ) p using (cohort)
        where coalesce(r.n, 0) <> coalesce(p.recognised, 0)
        """,
        of_company=True,
    ),
    Check(
        "breakage-bounds",
        "No more breakage is recognised in advance than is outstanding",
        "Usage and breakage never exceed what was sold (R4).",
        f"""
        select cohort, as_of, n, a, v - c - a as outstanding from ({_LAST}) r
        where n - a < 0 or n - a > v - c - a
        """,
        of_company=True,
    ),
]
