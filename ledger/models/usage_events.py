"""Usage that is reported after the fact, where it cannot be covered."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Customer


class Shortage(models.TextChoices):
    """What becomes of reported usage that the customer cannot cover."""

    REFUSE = "refuse", "Refused, into the list of refused events"
    DEBT = "debt", "Posted below the credit limit"


class UsageTerms(models.Model):
    """How usage events of a customer are posted. Without a row: `refuse`."""

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="usage_terms"
    )
    shortage = models.CharField(max_length=10, choices=Shortage, default=Shortage.REFUSE)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(shortage__in=Shortage.values), name="usage_terms_shortage"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["changed_at"], name="usage_terms_changed_at")]

    def __str__(self) -> str:
        return f"{self.shortage} of {self.customer_id}"


class RefusedState(models.TextChoices):
    WAITING = "waiting"
    POSTED = "posted"
    DISMISSED = "dismissed"


class RefusedEvent(models.Model):
    """A usage event that its customer could not cover, until it is posted or dismissed. `operation`
    is what the core was asked, `key` its key there."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField()
    service_id = models.IntegerField()
    source = models.TextField()
    event_id = models.TextField()
    endpoint = models.TextField()
    happened_at = models.DateTimeField()
    event = models.JSONField()
    operation = models.JSONField()
    reason = models.CharField(max_length=50)
    required = models.BigIntegerField()  # micro-credits
    available = models.BigIntegerField()
    times = models.IntegerField(db_default=1)
    received_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())
    state = models.CharField(
        max_length=10, choices=RefusedState, db_default=RefusedState.WAITING.value
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(null=True)
    closed_reason = models.TextField(null=True)

    class Meta:
        default_permissions = ("view", "change")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "key"], name="refused_event_once"),
            models.CheckConstraint(
                condition=Q(state__in=RefusedState.values), name="refused_event_state"
            ),
            models.CheckConstraint(
                condition=Q(state=RefusedState.WAITING, closed_at__isnull=True)
                | (~Q(state=RefusedState.WAITING) & Q(closed_at__isnull=False)),
                name="refused_event_closed_when_it_ends",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["customer", "id"],
                condition=Q(state="waiting"),
                name="refused_event_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} of {self.source}"
