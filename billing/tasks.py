"""What Celery is asked to do. When, `config/celery.py` says; each may be done twice.

The first line of each is what staff's page says that it is for.
"""

import logging
import time
from datetime import timedelta
from typing import Any, Final

from celery import Task, shared_task
from django.core.management import call_command
from django.utils import timezone
from kombu.exceptions import OperationalError

from billing import (
    alerts,
    books_checks,
    expiry_notices,
    mails,
    partners,
    watched_keys,
    webhooks_out,
)
from billing.backtest import running as back_tests
from billing.books import revenue
from billing.care.openings import applying as openings
from billing.jobs import digest, housekeeping
from billing.operators import conditions, reconciling, webhook
from billing.plans import earning
from billing.plans import running as plans
from billing.relay import relay
from billing.top_up import running
from ledger import marks, seals, usage_sums

# Whoever has not been asked by then is asked by beat.
SOON: Final = timedelta(minutes=1)
# The rest of a long past is summed the next time.
SUMMED_FOR: Final = timedelta(seconds=30)
SEALED_FOR: Final = timedelta(seconds=60)
WEBHOOK_LOG_KEPT: Final = timedelta(days=30)

logger = logging.getLogger(__name__)


@shared_task(name="relay")
def relay_events() -> int:
    """Hands on events, so that whoever is owed something for one is served at once."""
    handed_on = relay()
    # Whoever wrote what is owed by hand has woken the relay too.
    for task in (send_mails, deliver_webhooks, top_up):
        _soon(task)
    return handed_on


@shared_task(name="canary")
def canary(sent_at: float) -> str:
    """Shows that the worker works, and for how long a task is under way to it."""
    return f"{time.time() - sent_at:.1f} s"


# The log has said why, in one line.
@shared_task(name="mails", throws=(mails.Unreachable,))
def send_mails() -> str:
    """Sends the mails that are due."""
    try:
        sent = mails.send_due()
    finally:
        expiry_notices.note_delivered()
    return f"{sent} sent, {mails.number_waiting()} wait"


@shared_task(name="alert_levels")
def refresh_alert_levels() -> str:
    """Watches balances by days left at today's pace, and those that nobody chose thresholds for."""
    armed, looked_at, late = alerts.arm_all(), alerts.refresh_levels(), alerts.tell_late()
    return f"{armed} armed, {looked_at} watched by days, {late} told after a pause"


@shared_task(name="expiry_notices")
def write_expiry_notices() -> int:
    """Writes the notices of credits that end soon."""
    written = expiry_notices.write_due()
    if written:
        _soon(send_mails)
    return written


@shared_task(name="expire")
def expire_what_is_due() -> int:
    """Enters holds and lots that expired. Nobody can spend them meanwhile."""
    return revenue.expire_all()


@shared_task(name="recognise")
def recognise_revenue() -> int:
    """Makes revenue of what was used, and of fees for days that are over."""
    return revenue.recognise_all() + earning.earn_all()


@shared_task(name="usage_sums")
def sum_usage() -> int:
    """Sums calls of more than a day ago, so that usage is read at once."""
    return usage_sums.advance(seconds=SUMMED_FOR.total_seconds())


@shared_task(name="balance_marks")
def write_balance_marks() -> int:
    """Adds up long histories so far, so that statements of them are quick."""
    return marks.write_all()


@shared_task(name="seals")
def seal_history() -> int:
    """Seals what wallets have done, so that a change of it can be proved."""
    return seals.write_all(seconds=SEALED_FOR.total_seconds())


@shared_task(name="partner_shares")
def accrue_partner_shares() -> int:
    """Enters what partners have of the calls of their endpoints."""
    return partners.accrue_all()


@shared_task(name="reconcile")
def reconcile_payments() -> str:
    """Compares the providers' lists with our payments, and enters what is missing."""
    return reconciling.reconcile_and_tell()


@shared_task(name="books")
def check_books() -> str:
    """Proves every invariant of the books, once a night."""
    if not books_checks.is_due(timezone.now()):
        return "not due"
    done = books_checks.run_and_tell()
    return f"{done.checks} checks, {done.broken} broken"


@shared_task(name="partitions")
def make_partitions() -> int:
    """Makes the ledger's tables of the months to come."""
    return housekeeping.make_partitions()


@shared_task(name="forget_replies")
def forget_replies() -> str:
    """Forgets answers to writes of more than 30 days ago, and their idempotency keys."""
    return housekeeping.forget_replies()


@shared_task(name="forget_mails")
def forget_mail_bodies() -> int:
    """Empties mails of more than 90 days ago; that they were sent stays."""
    return housekeeping.forget_mail_bodies()


@shared_task(name="forget_sessions")
def forget_sessions() -> None:
    """Forgets sign-ins that have ended."""
    call_command("clearsessions")


@shared_task(name="weekly_digest")
def write_weekly_digests() -> int:
    """Mails owners their week, on Mondays, where they ask for it."""
    return digest.write_all(timezone.now().date())


@shared_task(name="operators")
def tell_operators() -> int:
    """Looks for what somebody must look at, and calls operators' webhook."""
    conditions.look()
    return webhook.deliver_due()


@shared_task(name="key_addresses")
def watch_keys() -> int:
    """Looks for keys that are used from unusually many addresses."""
    told = watched_keys.look()
    if told:
        _soon(send_mails)
    return told


@shared_task(name="top_ups")
def top_up() -> int:
    """Charges the cards of those who fell to their threshold."""
    return running.run()


@shared_task(name="plans")
def run_plans() -> str:
    """Turns over the periods of plans, and charges their invoices."""
    return plans.run()


@shared_task(name="back_tests")
def run_back_tests() -> str:
    """Prices past calls under the rate cards that somebody asks about."""
    return f"{back_tests.run_waiting()} answered"


@shared_task(name="openings")
def enter_openings() -> int:
    """Enters the lots of opening balances that were approved."""
    return openings.run_waiting()


@shared_task(name="webhooks")
def deliver_webhooks() -> int:
    """Sends customers the webhooks that are due."""
    return webhooks_out.deliver_due()


@shared_task(name="purge_webhooks")
def purge_webhooks() -> int:
    """Empties the log of webhooks of more than 30 days ago."""
    return webhooks_out.purge(timezone.now() - WEBHOOK_LOG_KEPT)


def _soon(task: "Task[Any, Any]") -> None:
    """The broker may be away: beat sends it when it is back."""
    try:
        task.apply_async(retry=False, expires=SOON.total_seconds())
    except OperationalError as error:
        logger.warning("%s is done later: %s", task.name, error)
