"""Who changed what. Append-only: rows come through the functions of `accounts/sql/audit.sql`."""

from typing import Final

from django.db import models
from django.db.models.functions import Now

from accounts.models.customers import Customer
from accounts.models.keys import Service
from accounts.models.people import User


class Via(models.TextChoices):
    ADMIN = "admin"
    PORTAL = "portal"
    API = "api", "API"
    # A job or a command: nobody who signed in.
    SYSTEM = "system"


_ELSEWHERE: Final = "+"


class AuditEntry(models.Model):
    """One change of a row, or one act. `before` and `after` have the columns that changed; a row
    that was added has no before, and one that was removed no after."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name=_ELSEWHERE, db_index=False
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, null=True, related_name=_ELSEWHERE, db_index=False
    )
    # Which key was presented: a service's, or a customer's own.
    key_id = models.UUIDField(null=True)
    via = models.CharField(max_length=8, choices=Via)
    action = models.CharField(max_length=100)
    table = models.CharField(max_length=63)
    row = models.TextField()
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name=_ELSEWHERE, db_index=False
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["customer", "id"], name="auditentry_customer"),
            models.Index(fields=["person", "id"], name="auditentry_person"),
            models.Index(fields=["row", "id"], name="auditentry_row"),
            models.Index(fields=["action", "id"], name="auditentry_action"),
            models.Index(fields=["at"], name="auditentry_at"),
            models.Index(fields=["request_id"], name="auditentry_request"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.row}"
