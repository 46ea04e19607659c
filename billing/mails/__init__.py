"""Mails: written with what they tell of, and sent afterwards, as often as it takes.

A mail goes out again only where a process died between handing it over and noting that; its
Message-ID is the same then.
"""

from billing.mails.checking import outdates
from billing.mails.sending import Unreachable, is_due, number_waiting, send_due
from billing.mails.writing import write

__all__ = ["Unreachable", "is_due", "number_waiting", "outdates", "send_due", "write"]
