"""Opening a closed month again: one member of staff asks, another decides."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User


class ReopenRequest(models.Model):
    """Kept, whatever was decided. One that waits has no `decided_at`."""

    month = models.DateField(help_text="Its first day.")
    reason = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="reopen_of_a_month"),
            models.CheckConstraint(condition=~Q(reason=""), name="reopen_has_a_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="reopen_is_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, approved__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False, approved__isnull=False),
                name="reopen_is_decided_whole",
            ),
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(decided_at__isnull=True),
                name="reopen_waits_once_a_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.reason}"
