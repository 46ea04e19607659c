"""Staff's pages of adjustments: asking, deciding, and what became of them."""

from billing.admin.adjustments import batches, limits, window

__all__ = ["batches", "limits", "window"]
