"""Staff's pages of the books: closing, estimates, policy, reports and unclaimed property."""

from billing.admin.books import months, reports

__all__ = ["months", "reports"]
