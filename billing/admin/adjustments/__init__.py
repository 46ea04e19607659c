"""Staff's pages of adjustments: asking, deciding, and what became of them."""

from billing.admin.adjustments import batches, limits, linked, window

__all__ = ["batches", "limits", "linked", "window"]
