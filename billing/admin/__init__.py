"""Staff's pages: what is sold can be changed; what was bought can be looked at and refunded."""

from billing.admin import (
    account_names,
    books,
    books_checks,
    documents,
    events,
    jobs,
    packs,
    purchases,
    tax_rates,
)

__all__ = [
    "account_names",
    "books",
    "books_checks",
    "documents",
    "events",
    "jobs",
    "packs",
    "purchases",
    "tax_rates",
]
