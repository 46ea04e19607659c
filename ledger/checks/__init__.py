"""What must be true of the books: each check is a query that returns the rows which break it.

The setting CHECKS names the suites that there are: the ledger's, and those of the rooms above it.
"""

from ledger.checks import (
    history,
    keys,
    limits,
    lots,
    marks,
    money,
    orphans,
    reservations,
    seals,
    telling,
    usage,
    wallets,
)
from ledger.checks.base import KEPT_ROWS, Check, Finding, Row, Suite, run, verify
from ledger.checks.outside import outside
from ledger.checks.sources import SOURCES

__all__ = [
    "CHECKS",
    "KEPT_ROWS",
    "SOURCES",
    "Check",
    "Finding",
    "Row",
    "Suite",
    "outside",
    "run",
    "verify",
]

CHECKS = Suite(
    SOURCES,
    [
        *wallets.CHECKS,
        *lots.CHECKS,
        *money.CHECKS,
        *reservations.CHECKS,
        *history.CHECKS,
        *keys.CHECKS,
        *orphans.CHECKS,
        *telling.CHECKS,
        *limits.CHECKS,
        *usage.CHECKS,
        *marks.CHECKS,
        *seals.CHECKS,
    ],
)
