"""What staff write down about a customer, for each other. The customer never sees it."""

from django.db import models
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.models import Customer, User

TEXT_MAX = 2000


class Note(models.Model):
    """Append-only, but that it may be pinned or not: the database lets nobody change the rest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    text = models.TextField(max_length=TEXT_MAX)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    pinned = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="note_of_customer")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="note_says_something"),
        ]

    def __str__(self) -> str:
        return f"note {self.id}"
