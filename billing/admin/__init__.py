"""Staff's pages: what is sold can be changed; what was bought can be looked at and refunded."""

from billing.admin import (
    account_names,
    books,
    books_checks,
    documents,
    events,
    packs,
    purchases,
    tax_rates,
    top_up,
)

__all__ = [
    "account_names",
    "books",
    "books_checks",
    "documents",
    "events",
    "packs",
    "purchases",
    "tax_rates",
    "top_up",
]
