"""Accounts that are closed: one member of staff asks, another approves, and then it is done."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.ids import uuid7
from accounts.models import Customer, User
from billing.models.policy import Closing


class ClosingState(models.TextChoices):
    REQUESTED = "requested", "Waits for another person"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Nobody decided in time"
    SETTLING = "settling", "Approved: money is on its way"
    CHANGED = "changed", "Credits came back: to be confirmed again"
    CLOSED = "closed", "Closed"


WAITING = (ClosingState.REQUESTED, ClosingState.CHANGED)
UNDER_WAY = (ClosingState.SETTLING, ClosingState.CHANGED, ClosingState.CLOSED)
LIVE = (ClosingState.REQUESTED, *UNDER_WAY)


class AccountClosing(models.Model):
    """Kept, whatever was decided. `effect` is what was done when it was settled last, `round` how
    often that was; `refunds` are those that it asked for. Instants are the ledger's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    policy = models.CharField(max_length=10, choices=Closing)
    state = models.CharField(
        max_length=10, choices=ClosingState, default=ClosingState.REQUESTED, editable=False
    )
    reason = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    effect = models.JSONField(default=dict)
    round = models.PositiveSmallIntegerField(default=0)
    refunds = ArrayField(models.UUIDField(), default=list)
    told = models.TextField(blank=True, help_text="Why it is not over yet.")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "account closing"
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=["requested", "settling", "changed", "closed"]),
                name="closing_once_a_customer",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="closing_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state__in=ClosingState.values, policy__in=Closing.values),
                name="closing_is_of_the_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["settling", "changed", "closed"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="closing_is_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at=None)
                | ~Q(state="requested") & Q(decided_at__isnull=False),
                name="closing_is_decided_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=["requested", "settling", "changed"]),
                name="closing_is_open",
            ),
        ]

    def __str__(self) -> str:
        return f"Closing of {self.customer}"
