"""Customers are told when a spend cap warns, and when it has refused a call.

That each is told once in a period, the ledger decides (`sql/functions/limits.sql`); here it becomes
a mail, and a line of the portal's alerts.
"""

from billing.caps.taking import take
from billing.caps.told import Told, told

__all__ = ["Told", "take", "told"]
