"""Staff's pages of the books: closing, estimates, policy, reports and unclaimed property."""

from billing.admin.books import estimates, months, places, policy, reports, unclaimed

__all__ = ["estimates", "months", "places", "policy", "reports", "unclaimed"]
