"""What a worker that is silent could not tell: so another process looks, and tells it at once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse

from billing import mails
from billing.models import Job, NoticeKind
from billing.operators import notices, webhook
from billing.operators.notices import Said
from ledger import outbox

# A job that does nothing but run, every few seconds.
CANARY: Final = "canary"
RELAY_LATE_AFTER: Final = timedelta(minutes=1)
KINDS: Final = (NoticeKind.WORKER_SILENT.value, NoticeKind.RELAY_LATE.value)


def look() -> None:
    """Not within a transaction: what is owed is sent from here. Raises mails.Unreachable, when all
    else is done."""
    notices.look(NoticeKind.WORKER_SILENT, _silent_worker)
    notices.look(NoticeKind.RELAY_LATE, _late_relay)
    webhook.deliver_due(KINDS)
    mails.send_due(KINDS)


def is_silent() -> bool:
    since = Now() - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
    return not Job.objects.filter(pk=CANARY, succeeded_at__gte=since).exists()


def _silent_worker() -> Iterator[Said]:
    if is_silent():
        job = Job.objects.filter(pk=CANARY).first()
        last = f"{job.succeeded_at:%Y-%m-%d %H:%M:%S} UTC" if job and job.succeeded_at else "never"
        yield Said(
            "The worker is silent",
            f"It answered last: {last}. Debits and payments are taken as ever; mails, webhooks,"
            " top-ups and the books wait, and nothing of them is lost. See that the worker and beat"
            " run and that the broker answers.",
            reverse("admin:billing_job_changelist"),
        )


def _late_relay() -> Iterator[Said]:
    backlog = outbox.backlog()
    if backlog.age > RELAY_LATE_AFTER:
        yield Said(
            "Events wait to be handed on",
            f"{backlog.events} wait, the oldest for {int(backlog.age.total_seconds())} s. Alerts"
            " and webhooks of them are late. See that the worker runs, and what it logs of the"
            " relay.",
            reverse("admin:billing_job_changelist"),
        )
