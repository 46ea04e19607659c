"""What past calls would have cost under another rate card."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Customer, User
from ledger.models import Endpoint, RateCard


class BackTestState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BackTest(models.Model):
    """One question, and how far its answer is. `facts` are counts of calls, and names."""

    rate_card = models.ForeignKey(RateCard, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    heeds_terms = models.BooleanField(
        default=True, help_text="Groups, pins and customers' own prices stay as they are."
    )
    state = models.CharField(
        max_length=10, choices=BackTestState, default=BackTestState.WAITING, editable=False
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True, help_text="When its worker last gave a sign.")
    finished_at = models.DateTimeField(null=True)
    calls_done = models.BigIntegerField(default=0)
    calls_total = models.BigIntegerField(default=0)
    facts = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = "back-test"
        default_permissions = ("add", "view")
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["waiting", "running"]),
                name="back_test_not_done",
            ),
        ]

    def __str__(self) -> str:
        return f"bt_{self.pk}"


class BackTestLine(models.Model):
    """A customer's calls of an endpoint. Credits are micro-credits; `money` has, by currency, what
    they were at their lots' cost and what they would be, in millionths of a minor unit."""

    back_test = models.ForeignKey(BackTest, on_delete=models.CASCADE, related_name="lines")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="+")
    calls = models.BigIntegerField()
    before = models.BigIntegerField()
    after = models.BigIntegerField()
    money = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["back_test", "customer", "endpoint"],
                nulls_distinct=False,
                name="back_test_line_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}, {self.endpoint_id} of {self.back_test_id}"
