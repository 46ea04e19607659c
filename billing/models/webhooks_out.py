"""Webhooks: where customers want to be told, what they are owed, and how each attempt went."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.ids import uuid7
from accounts.models import Customer, User

URL_MAX = 500


class WebhookEndpoint(models.Model):
    """An address of a customer's that wants events, of these `types` or, without any, of all.

    What is sent is signed with `secret`, so that it is kept enciphered and not as a digest, as a
    key's is: whoever signs needs it as it was given out. After it was changed, `previous_secret`
    signs too until `previous_until`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=URL_MAX)
    description = models.CharField(max_length=200, blank=True)
    types = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True)
    # Attempts in a row, since when, and until when it is left alone for them.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(db_default=Now())
    # Until then one process sends to it, and no other.
    leased_until = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=False) | Q(removed_at=None), name="webhook_endpoint_is_there"
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer"], condition=Q(removed_at=None), name="webhook_endpoint_of"
            ),
            models.Index(
                fields=["leased_until"], condition=Q(enabled=True), name="webhook_endpoint_next"
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_rotating(self) -> bool:
        return self.previous_until is not None and self.previous_until > timezone.now()


class DeliveryState(models.TextChoices):
    DUE = "due"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"  # its endpoint was disabled


class WebhookDelivery(models.Model):
    """One event for one endpoint. `body` is JSON as it is signed and sent, in UTF-8."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries"
    )
    event_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    state = models.CharField(
        max_length=10, choices=DeliveryState, default=DeliveryState.DUE, editable=False
    )
    # Since it was last asked for; counted before something is sent.
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="webhook_delivery_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=Q(state="due"),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_log"),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class WebhookAttempt(models.Model):
    """What was sent and what came back: of the answer's body the first 4 KiB. Never changed."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="log")
    at = models.DateTimeField(db_default=Now(), editable=False)
    request_headers = models.JSONField()
    status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField()
    response_body = models.TextField(blank=True)
    seconds = models.FloatField()
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.error or f"HTTP {self.status}"
