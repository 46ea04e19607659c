"""Staff's pages of adjustments: asking, deciding, and what became of them."""

from billing.admin.adjustments import limits, window

__all__ = ["limits", "window"]
