"""Customers are told when their balance is low, has run dry, and has recovered.

What is crossed, and that it is told once, the ledger decides (`sql/functions/thresholds.sql`).
Here it is said which balances are watched, and its events become alerts and mails.
"""

from billing.alerts.arming import arm_all
from billing.alerts.editing import add, change, configure, remove, settings_of
from billing.alerts.late import tell_late
from billing.alerts.taking import take
from billing.alerts.trying import send_test
from billing.alerts.watching import refresh_levels

__all__ = [
    "add",
    "arm_all",
    "change",
    "configure",
    "refresh_levels",
    "remove",
    "send_test",
    "settings_of",
    "take",
    "tell_late",
]
