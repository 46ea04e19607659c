"""What the worker looks for by itself, every minute."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from django.urls import reverse

from billing import mails
from billing.models import EventState, Job, Mail, MailState, NoticeKind, ProviderEvent
from billing.operators import notices, refused_reports
from billing.operators.notices import Said
from ledger import usage_events

FAILURES_IN_A_ROW = 3
UNDECIDED_AFTER = timedelta(minutes=10)
# Greylisting servers (RFC 6647, 4) take a mail when it is tried again, sooner than that.
MAILS_WAIT_AFTER = timedelta(minutes=10)
# A mail that failed is told of for so long.
FAILED_MAILS_OF = timedelta(days=1)


def look() -> None:
    notices.look(NoticeKind.JOB_FAILING, _failing_jobs)
    notices.look(NoticeKind.WEBHOOKS_FAILING, _failing_webhooks)
    notices.look(NoticeKind.MAILS_WAIT, _waiting_mails)
    notices.look(NoticeKind.MAILS_FAILED, _failed_mails)
    notices.look(NoticeKind.USAGE_REFUSED, _refused_usage)


def _failing_jobs() -> Iterator[Said]:
    failing = Job.objects.filter(failures_in_a_row__gte=FAILURES_IN_A_ROW)
    # Told once, as mails that wait: the job succeeds whenever none is due just then.
    away = mails.Unreachable.__name__
    for job in failing.exclude(name="mails", error__startswith=away):
        yield Said(
            f"The job {job.name} fails",
            f"It failed {job.failures_in_a_row} times in a row. The last time: {job.error}",
            reverse("admin:billing_job_changelist"),
            job.name,
        )


def _failing_webhooks() -> Iterator[Said]:
    yield from _wrongly_signed()
    yield from _undecided()


def _wrongly_signed() -> Iterator[Said]:
    for reports in refused_reports.many().filter(provider__in=settings.PAYMENT_PROVIDERS):
        yield Said(
            f"Reports of {reports.provider} are refused",
            f"{reports.number} reports in its name were refused, {reports.signed} of them with a"
            " signature, and none was right meanwhile. If the provider sends them, the webhook"
            " secret set here is not its own, this machine's clock is wrong, or a proxy takes the"
            " signature away.",
            # What is refused is not kept, and so in no list.
            reverse("admin:billing_job_changelist"),
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


def _waiting_mails() -> Iterator[Said]:
    """Mails of this cannot be sent either, but operators' webhook can be called."""
    waiting = Mail.objects.filter(state=MailState.DUE, created_at__lt=Now() - MAILS_WAIT_AFTER)
    if number := waiting.count():
        error = waiting.exclude(error="").order_by("-id").values_list("error", flat=True).first()
        yield Said(
            f"{number} {'mail waits' if number == 1 else 'mails wait'} for more than 10 minutes",
            f"They are tried again, eight times in two days. {_why(error)}",
            _mails(MailState.DUE),
        )


def _why(error: str | None) -> str:
    if error is None:
        return "None was tried yet: see that the worker runs."
    return f"The last error: {error}"


def _failed_mails() -> Iterator[Said]:
    """`due_at` is about when the last attempt was made."""
    failed = Mail.objects.filter(
        state=MailState.FAILED, due_at__gte=Now() - FAILED_MAILS_OF
    ).order_by("-id")
    if number := failed.count():
        yield Said(
            f"{number} {'mail was' if number == 1 else 'mails were'} not taken by the mail server",
            f"They are not tried again. The last error: {failed[0].error}",
            _mails(MailState.FAILED),
        )


def _refused_usage() -> Iterator[Said]:
    """Told again whenever there is ten times as much of it."""
    usage_events.note_accepted()
    waiting = usage_events.waiting()
    for zeros in range(len(str(waiting.events)) if waiting.events else 0):
        least = 10**zeros
        yield Said(
            f"{least} {'usage event waits' if least == 1 else 'or more usage events wait'}"
            " for credits",
            f"{waiting.events} of {waiting.customers} customers were refused, the oldest"
            f" {waiting.age.days} days ago: what they tell of was done and is not charged. Retry"
            " them after a top-up, or dismiss them with a reason.",
            f"{reverse('admin:ledger_refusedevent_changelist')}?state__exact=waiting",
            str(least),
        )


def _mails(state: MailState) -> str:
    return f"{reverse('admin:billing_mail_changelist')}?state__exact={state}"


def _events() -> str:
    return reverse("admin:billing_providerevent_changelist")
