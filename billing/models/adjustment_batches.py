"""Many adjustments of one file: tried, asked for and decided together, all of them or none."""

from django.db import models
from django.db.models import F, Q

from accounts.ids import uuid7
from accounts.models import User


class BatchState(models.TextChoices):
    """A draft is looked at by who uploaded it. One that waits past `waits_until` has expired."""

    DRAFT = "draft", "Not asked for yet"
    WAITING = "waiting", "Waiting"
    APPLIED = "applied", "Applied"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AdjustmentBatch(models.Model):
    """`content` is the file of a draft; what was asked for are the adjustments of the batch.
    `digest` is its SHA-256, `mark` what it came to when it was asked for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    content = models.TextField(blank=True)
    rows = models.IntegerField()
    state = models.CharField(max_length=16, choices=BatchState, default=BatchState.DRAFT)
    mark = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Why it needs a second person; empty: it did not.
    waits_for = models.TextField(blank=True)
    waits_until = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "file of adjustments"
        verbose_name_plural = "files of adjustments"
        indexes = [
            models.Index(fields=["digest"], name="adjustmentbatch_digest"),
            models.Index(
                fields=["waits_until"], condition=Q(state="waiting"), name="adjustmentbatch_waits"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="adjustmentbatch_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(decided_by__isnull=True)
                | ~Q(decided_by=F("asked_by")),
                name="adjustmentbatch_is_decided_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="applied", decided_by__isnull=True) | Q(waits_for=""),
                name="adjustmentbatch_that_waited_was_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
