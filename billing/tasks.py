"""What Celery is asked to do. When, `config/celery.py` says; each may be done twice."""

from celery import shared_task

from billing import alerts, expiry_notices, mails
from billing.relay import relay


@shared_task(name="relay")
def relay_events() -> int:
    """Whoever is owed something for an event is served at once, not at the next sweep."""
    handed_on = relay()
    if handed_on or mails.is_due():
        send_mails.delay()
    return handed_on


@shared_task(name="mails")
def send_mails() -> int:
    sent = mails.send_due()
    expiry_notices.note_delivered()
    return sent


@shared_task(name="alert_levels")
def refresh_alert_levels() -> str:
    """Hourly."""
    armed, looked_at, late = alerts.arm_all(), alerts.refresh_levels(), alerts.tell_late()
    return f"{armed} armed, {looked_at} watched by days, {late} told after a pause"


@shared_task(name="expiry_notices")
def write_expiry_notices() -> int:
    """Hourly."""
    written = expiry_notices.write_due()
    if written:
        send_mails.delay()
    return written
