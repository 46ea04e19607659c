"""What providers told us, kept as they said it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class EventState(models.TextChoices):
    RECEIVED = "received"
    APPLIED = "applied"
    PARKED = "parked"  # before what it needs
    IGNORED = "ignored"  # of a kind that means nothing here
    REFUSED = "refused"  # it does not fit what we know: somebody must look


class ProviderEvent(models.Model):
    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    # The provider's object that it is about, and the payment that this belongs to.
    object_ref = models.CharField(max_length=255, blank=True)
    payment_ref = models.CharField(max_length=255, blank=True)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=EventState, default=EventState.RECEIVED)
    reason = models.TextField(blank=True)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"], name="provider_event_state"),
            models.Index(fields=["provider", "payment_ref"], name="provider_event_payment"),
            models.Index(fields=["provider", "object_ref"], name="provider_event_object"),
            models.Index(
                fields=["provider", "payment_ref"],
                condition=Q(state="parked"),
                name="provider_event_parked",
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(state__in=["received", "parked"]),
                name="provider_event_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once"),
            models.CheckConstraint(
                condition=Q(state__in=EventState.values), name="provider_event_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
