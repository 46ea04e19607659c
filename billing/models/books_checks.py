"""Whether the books balance, each time that somebody looked."""

from datetime import timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models import User


class BooksCheck(models.Model):
    """One row is one run over all customers. `findings` has every check: its name, title and why,
    how many rows break it, and the first of them as people read them, with their columns in order.
    The service's role may add rows, and change none."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    # None: the clock did.
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    checks = models.PositiveIntegerField()
    broken = models.PositiveIntegerField()
    findings = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "books balance check"
        verbose_name_plural = "books balance checks"
        default_permissions = ("view",)
        permissions = [("run_books_check", "Can verify the books")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def took(self) -> timedelta:
        return self.finished_at - self.started_at
