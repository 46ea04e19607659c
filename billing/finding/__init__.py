"""Finding whatever has a name: customers, keys, calls, purchases, papers, and what providers call
them."""

from billing.finding.looking import Found, look, look_within

__all__ = ["Found", "look", "look_within"]
