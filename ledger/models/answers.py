"""How the debit API answered."""

from typing import ClassVar

from django.db import models


class AnswerCount(models.Model):
    """Answers of five minutes to one operation: those that granted it, where the reason is empty,
    or that refused it with this code. What was counted, not what was posted: see
    `fastpath/counted.py`."""

    since = models.DateTimeField()
    operation = models.CharField(max_length=20)
    reason = models.CharField(max_length=60, blank=True)
    count = models.BigIntegerField()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["since", "operation", "reason"], name="answer_count_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.operation} {self.reason or 'granted'} since {self.since}"
