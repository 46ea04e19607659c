"""Customers are told before their credits expire, and what they were told is kept as evidence."""

from billing.expiry_notices.delivering import note_delivered
from billing.expiry_notices.outdated import is_outdated
from billing.expiry_notices.taking import take
from billing.expiry_notices.writing import write_due

__all__ = ["is_outdated", "note_delivered", "take", "write_due"]
