"""Webhooks to customers, after the Standard Webhooks specification: https://www.standardwebhooks.com.

`taking.py` makes an event a delivery for each endpoint that wants it, `delivering.py` sends what is
due. What providers send to us is in `billing/webhooks.py`.
"""

from billing.webhooks_out.delivering import deliver_due
from billing.webhooks_out.purging import purge
from billing.webhooks_out.taking import take

__all__ = ["deliver_due", "purge", "take"]
