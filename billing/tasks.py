"""What Celery is asked to do. When, `config/celery.py` says; each may be done twice."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from billing import mails, webhooks_out
from billing.relay import relay

WEBHOOK_LOG_KEPT: Final = timedelta(days=30)


@shared_task(name="relay")
def relay_events() -> int:
    """Whoever is owed something for an event is served at once, not at the next sweep."""
    handed_on = relay()
    if handed_on:
        send_mails.delay()
    # Whoever asked for a delivery to be sent again has woken the relay too.
    deliver_webhooks.delay()
    return handed_on


@shared_task(name="mails")
def send_mails() -> int:
    return mails.send_due()


@shared_task(name="webhooks")
def deliver_webhooks() -> int:
    """Sends customers the webhooks that are due."""
    return webhooks_out.deliver_due()


@shared_task(name="purge_webhooks")
def purge_webhooks() -> int:
    """Empties the log of webhooks of more than 30 days ago."""
    return webhooks_out.purge(timezone.now() - WEBHOOK_LOG_KEPT)
