"""What those who run this installation are told, and that somebody took it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class NoticeKind(models.TextChoices):
    WORKER_SILENT = "worker-silent", "The worker is silent"
    RELAY_LATE = "relay-late", "Events wait"
    BOOKS_BROKEN = "books-broken", "The books do not balance"
    EVENT_REFUSED = "event-refused", "A payment does not fit"
    WEBHOOKS_FAILING = "webhooks-failing", "The provider's reports fail"
    RECONCILIATION = "reconciliation", "Reconciliation differs"
    JOB_FAILING = "job-failing", "A job fails"
    MAILS_WAIT = "mails-wait", "Mails wait"
    MAILS_FAILED = "mails-failed", "Mails were not taken"
    KEY_ADDRESSES = "key-addresses", "A key is used from many addresses"
    USAGE_REFUSED = "usage-refused", "Reported usage is not covered"


class OperatorNotice(models.Model):
    """Something that somebody must look at, from when it began until it is over; `subject` is what
    of, such as a job's name. What merely happened is over as it begins."""

    kind = models.CharField(max_length=40, choices=NoticeKind)
    subject = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=400)
    text = models.TextField()
    page = models.CharField(max_length=300, help_text="Where to look, below PUBLIC_URL.")
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(ended_at__isnull=True),
                name="operator_notice_open_once",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(kind="event-refused"),
                name="operator_notice_of_event_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="operator_notice_kind"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="operator_notice_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["-began_at"], name="operator_notice_latest")]

    def __str__(self) -> str:
        return self.title


class Phase(models.TextChoices):
    BEGAN = "began"
    ENDED = "ended"


class NoticeCall(models.Model):
    """A call of OPERATORS_WEBHOOK_URL that is owed."""

    notice = models.ForeignKey(OperatorNotice, on_delete=models.PROTECT, related_name="calls")
    phase = models.CharField(max_length=8, choices=Phase)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now(), null=True)  # null: taken, or given up
    delivered_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="Of the last attempt.")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["notice", "phase"], name="notice_call_once"),
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="notice_call_phase"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="notice_call_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.phase}"


class RefusedReports(models.Model):
    """Reports in a provider's name with a wrong signature or none, since the last with a right one;
    `signed` of them had one."""

    provider = models.CharField(max_length=16, primary_key=True)
    number = models.PositiveIntegerField(default=0)
    signed = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number} in the name of {self.provider}"
