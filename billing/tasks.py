"""What Celery is asked to do. When, `config/celery.py` says; each may be done twice."""

from celery import shared_task

from billing import mails
from billing.relay import relay
from billing.top_up import running


@shared_task(name="relay")
def relay_events() -> int:
    """Whoever is owed something for an event is served at once, not at the next sweep."""
    handed_on = relay()
    if handed_on:
        send_mails.delay()
        top_up.delay()
    return handed_on


@shared_task(name="mails")
def send_mails() -> int:
    return mails.send_due()


@shared_task(name="top_ups")
def top_up() -> int:
    return running.run()
