"""Staff's pages: what the core wrote can be looked at, what endpoints cost can be changed."""

from ledger.admin import customers, events, lots, rate_cards, reservations, transfers, wallets

__all__ = ["customers", "events", "lots", "rate_cards", "reservations", "transfers", "wallets"]
