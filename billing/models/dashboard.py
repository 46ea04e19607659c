"""What the dashboard shows of calls, worked out beforehand."""

from datetime import timedelta

from django.db import models


class CallFigures(models.Model):
    """What the calls of the dashboard's last so many days came to, as the margins report says it:
    the lines of each endpoint and of the customers that used most. Credits are micro-credits, money
    is in whole units of `currency`, as text."""

    days = models.PositiveSmallIntegerField(primary_key=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    as_of = models.DateTimeField()
    worked_at = models.DateTimeField(help_text="By the clock on the wall.")
    took = models.DurationField(default=timedelta(0))
    currency = models.CharField(max_length=3, blank=True)
    error = models.TextField(blank=True, help_text="Why there are none.")
    endpoints = models.JSONField(default=list)
    customers = models.JSONField(default=list)
    customers_in_all = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Calls of {self.days} days as of {self.as_of}"
