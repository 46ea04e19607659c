"""Mails that are owed: a row each, until somebody has taken it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Customer


class MailState(models.TextChoices):
    DUE = "due"
    SENT = "sent"
    FAILED = "failed"
    OUTDATED = "outdated"  # what it tells was no longer so when it was to be sent


class Mail(models.Model):
    """`about` is what it tells of, such as an event's id: told twice, it is one mail."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=100)
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=MailState, default=MailState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    due_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="Of the last attempt.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], name="mail_once"),
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="mail_due"),
            models.Index(fields=["customer", "-id"], name="mail_of_customer"),
        ]

    def __str__(self) -> str:
        return self.subject
