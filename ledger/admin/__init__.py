"""Staff's pages: what the core wrote can be looked at, what endpoints cost can be changed."""

from ledger.admin import (
    customers,
    events,
    lots,
    price_terms,
    prices,
    rate_cards,
    refused_events,
    reservations,
    transactions,
    transfers,
    wallets,
)

__all__ = [
    "customers",
    "events",
    "lots",
    "price_terms",
    "prices",
    "rate_cards",
    "refused_events",
    "reservations",
    "transactions",
    "transfers",
    "wallets",
]
