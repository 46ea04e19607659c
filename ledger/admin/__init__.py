"""Staff's pages: what the core wrote can be looked at, what endpoints cost can be changed."""

from ledger.admin import customers, history, rate_cards

__all__ = ["customers", "history", "rate_cards"]
