"""What Celery is asked to do. When, `config/celery.py` says; each may be done twice."""

import logging
import time
from typing import Any

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from billing import books_checks, mails
from billing.books import revenue
from billing.models import Job
from billing.reconciliation import reconcile
from billing.relay import relay

logger = logging.getLogger(__name__)


@shared_task(name="relay")
def relay_events() -> int:
    """Whoever is owed something for an event is served at once, not at the next sweep."""
    handed_on = relay()
    if handed_on:
        _soon(send_mails)
    return handed_on


@shared_task(name="mails")
def send_mails() -> int:
    return mails.send_due()


@shared_task(name="canary")
def canary(sent_at: float) -> str:
    """That it comes shows that tasks do: how many seconds it was under way since `sent_at`."""
    waited = f"{time.time() - sent_at:.1f}"
    Job.objects.update_or_create(
        name="canary", defaults={"outcome": waited, "succeeded_at": timezone.now()}
    )
    return waited


@shared_task(name="expire")
def expire_what_is_due() -> int:
    return revenue.expire_all()


@shared_task(name="reconcile")
def reconcile_payments() -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(reconcile().items()))


@shared_task(name="recognise")
def recognise_revenue() -> int:
    return revenue.recognise_all()


@shared_task(name="books")
def check_books() -> str:
    if not books_checks.is_due(timezone.now()):
        return "not due"
    done = books_checks.run_and_tell()
    return f"{done.checks} checks, {done.broken} broken"


def _soon(task: "Task[Any, Any]") -> None:
    """The broker may be away: beat sends it when it is back."""
    try:
        task.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("%s is done later: %s", task.name, error)
