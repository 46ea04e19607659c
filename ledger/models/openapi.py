"""Descriptions of APIs, of which endpoints come."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from ledger.models.prices import Endpoint, RateCard


class OpenApiFile(models.Model):
    """A description of an API that was uploaded: looked at first, and imported when confirmed."""

    api = models.CharField(max_length=200)
    version = models.CharField(max_length=100)
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField(null=True)
    rate_card = models.ForeignKey(RateCard, on_delete=models.PROTECT, null=True, related_name="+")
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = "OpenAPI file"

    def __str__(self) -> str:
        return f"{self.api} {self.version}"


class OpenApiOperation(models.Model):
    """Of which operation an endpoint is, so that it is found again in the next file of the API."""

    endpoint = models.OneToOneField(
        Endpoint, on_delete=models.PROTECT, related_name="openapi_operation"
    )
    api = models.CharField(max_length=200)
    operation_id = models.TextField(blank=True)
    place = models.TextField(help_text="Its method and path, without the placeholders' names.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["api", "operation_id"],
                condition=~Q(operation_id=""),
                name="openapi_operation_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation_id or self.place} of {self.api}"
