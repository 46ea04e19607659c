from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.validators import check_metadata, check_time_zone

# The provider's own book, which holds what belongs to no single customer. Made by a migration.
HOUSE_ID = UUID("00000000-0000-7000-8000-000000000000")


class CustomerStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Customer(models.Model):
    """Who owns a wallet: a company that buys credits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(null=True, blank=True)
    external_id = models.CharField(
        max_length=200, null=True, blank=True, help_text="The provider's own id of this customer."
    )
    metadata = models.JSONField(default=dict, blank=True, validators=[check_metadata])
    status = models.CharField(
        max_length=16, choices=CustomerStatus, default=CustomerStatus.ACTIVE, editable=False
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[check_time_zone],
        help_text="Where its days and months begin, such as Europe/Berlin.",
    )
    # Whose test wallet this is. Nothing of it counts in the books: docs/keys.md.
    sandbox_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="sandbox"
    )
    # Its own keys spend nothing meanwhile: it owes something. Staff's suspension is the status.
    keys_suspended_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["changed_at"], name="customer_changed_at")]
        constraints = [
            models.UniqueConstraint(fields=["external_id"], name="customer_external_id_unique"),
            models.CheckConstraint(
                condition=Q(status__in=CustomerStatus.values), name="customer_status_known"
            ),
            models.CheckConstraint(
                condition=Q(sandbox_of=None) | ~Q(sandbox_of=F("id")),
                name="customer_is_not_its_own_sandbox",
            ),
        ]

    def __str__(self) -> str:
        return self.name
