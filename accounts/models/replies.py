from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.customers import Customer
from accounts.models.keys import Service


class IdempotentReply(models.Model):
    """The answer to a write, given again when the write is sent again.

    What concerns no single customer stands under the house.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.BigIntegerField()
    status = models.SmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "service", "key"], name="idempotentreply_key_once"
            ),
            models.CheckConstraint(
                condition=Q(status__range=(200, 299)), name="idempotentreply_is_a_success"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
