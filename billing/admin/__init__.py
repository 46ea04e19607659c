"""Staff's pages: what is sold can be changed; what was bought can be looked at and refunded."""

from billing.admin import (
    account_names,
    alerts,
    books,
    books_checks,
    documents,
    events,
    expiry_notices,
    jobs,
    mails,
    packs,
    purchases,
    tax_rates,
    top_up,
    webhooks_out,
)

__all__ = [
    "account_names",
    "alerts",
    "books",
    "books_checks",
    "documents",
    "events",
    "expiry_notices",
    "mails",
    "jobs",
    "packs",
    "purchases",
    "tax_rates",
    "webhooks_out",
    "top_up",
]
