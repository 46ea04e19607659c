"""What the worker looks for by itself, every minute."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from django.urls import reverse

from billing.models import EventState, Job, Mail, MailState, NoticeKind, ProviderEvent
from billing.operators import refused_reports
from billing.operators.notices import Said, settle

FAILURES_IN_A_ROW = 3
UNDECIDED_AFTER = timedelta(minutes=10)
# A mail that failed is told of for so long.
FAILED_MAILS_OF = timedelta(days=1)


def look() -> None:
    settle(NoticeKind.JOB_FAILING, list(_failing_jobs()))
    settle(NoticeKind.WEBHOOKS_FAILING, [*_wrongly_signed(), *_undecided()])
    settle(NoticeKind.MAILS_FAILED, list(_failed_mails()))


def _failing_jobs() -> Iterator[Said]:
    for job in Job.objects.filter(failures_in_a_row__gte=FAILURES_IN_A_ROW):
        yield Said(
            f"The job {job.name} fails",
            f"It failed {job.failures_in_a_row} times in a row. The last time: {job.error}",
            reverse("admin:billing_job_changelist"),
            job.name,
        )


def _wrongly_signed() -> Iterator[Said]:
    for reports in refused_reports.many().filter(provider__in=settings.PAYMENT_PROVIDERS):
        yield Said(
            f"Reports of {reports.provider} are refused",
            f"{reports.number} reports in its name had a wrong signature or were none, and none was"
            " right meanwhile. If the provider sends them, the webhook secret set here is not its"
            " own, or this machine's clock is wrong.",
            _events(),
            f"{reports.provider} signatures",
        )


def _undecided() -> Iterator[Said]:
    late = ProviderEvent.objects.filter(
        state=EventState.RECEIVED,
        provider__in=settings.PAYMENT_PROVIDERS,
        received_at__lt=Now() - UNDECIDED_AFTER,
    )
    for row in late.values("provider").annotate(number=Count("id")):
        yield Said(
            f"Reports of {row['provider']} are not decided",
            f"{row['number']} were stored more than 10 minutes ago and nothing came of them. The"
            " reconciliation tries them again every hour; the log says why they fail.",
            _events(),
            f"{row['provider']} undecided",
        )


def _failed_mails() -> Iterator[Said]:
    """`due_at` is about when the last attempt was made."""
    failed = Mail.objects.filter(
        state=MailState.FAILED, due_at__gte=Now() - FAILED_MAILS_OF
    ).order_by("-id")
    if number := failed.count():
        yield Said(
            f"{number} {'mail was' if number == 1 else 'mails were'} not taken by the mail server",
            f"They are not tried again. The last error: {failed[0].error}",
            reverse("admin:billing_job_changelist"),
        )


def _events() -> str:
    return reverse("admin:billing_providerevent_changelist")
