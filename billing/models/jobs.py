"""What is done by itself, and how it went the last time."""

from datetime import timedelta

from django.db import models


class Job(models.Model):
    """One for each kind of work, by the name of its task."""

    name = models.CharField(max_length=60, primary_key=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    took = models.DurationField(default=timedelta(0), help_text="The last run that ended.")
    outcome = models.CharField(max_length=255, blank=True, help_text="What the last run did.")
    error = models.TextField(blank=True, help_text="Of the last run that failed.")
    runs = models.PositiveBigIntegerField(default=0)
    failures = models.PositiveBigIntegerField(default=0)
    failures_in_a_row = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ("view",)
        permissions = [("run_job", "Can run jobs")]

    def __str__(self) -> str:
        return self.name
