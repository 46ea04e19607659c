"""Staff's pages of revenue sharing: partners with their statements, terms, and payouts."""

from billing.admin.partners import partners, payouts, terms

__all__ = ["partners", "payouts", "terms"]
