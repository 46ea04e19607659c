"""What ties payments to the books, as queries that return the rows which break it."""

from billing.checks import breakage, entries, papers, partners, parts, payments
from billing.checks.sources import SOURCES
from ledger.checks import Suite

__all__ = ["CHECKS"]

CHECKS = Suite(
    SOURCES,
    [
        *payments.CHECKS,
        *entries.CHECKS,
        *parts.CHECKS,
        *papers.CHECKS,
        *breakage.CHECKS,
        *partners.CHECKS,
    ],
)
