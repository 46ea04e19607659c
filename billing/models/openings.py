"""Balances that come from another system: one member of staff uploads, another approves."""

from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.models import Customer, User
from ledger.models import LotKind

WAITS: Final = timedelta(days=7)


class OpeningState(models.TextChoices):
    WAITING = "waiting"
    APPLYING = "applying", "being entered"
    DONE = "done", "entered"
    DECLINED = "declined"
    EXPIRED = "expired"


class OpeningImport(models.Model):
    """A file of lots as it was read. One that is entered keeps its lines; of one that is not, the
    totals stay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    note = models.TextField(blank=True)
    lines_total = models.PositiveIntegerField(default=0)
    lines_done = models.PositiveIntegerField(default=0)
    lines_known = models.PositiveIntegerField(
        default=0, help_text="Rows that another file had before: they are not entered again."
    )
    state = models.CharField(max_length=10, choices=OpeningState, default=OpeningState.WAITING)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "opening balances"
        verbose_name_plural = "opening balances"
        default_permissions = ("view",)
        permissions = [
            ("import_openings", "Can upload opening balances"),
            ("approve_openings", "Can approve opening balances that others uploaded"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="openings_are_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "expired"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="openings_are_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OpeningState.values), name="openings_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class OpeningLine(models.Model):
    """A lot to be: `credits` are micro-credits that are left, `deferred` the minor units of
    `currency` that are not revenue yet. Its customer is the one named, or is made with it."""

    batch = models.ForeignKey(OpeningImport, on_delete=models.PROTECT, related_name="lines")
    row = models.PositiveIntegerField()
    reference = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64, help_text="Of what the row says.")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    # Of a customer to be made.
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=LotKind)
    credits = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    deferred = models.BigIntegerField(default=0)
    purchased_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    lot_id = models.UUIDField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["batch", "id"], condition=Q(lot_id__isnull=True), name="opening_not_entered"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="opening_reference_once"),
            models.CheckConstraint(
                condition=Q(credits__gt=0, deferred__gte=0), name="opening_amounts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(deferred=0) | Q(currency__regex="^[A-Z]{3}$"),
                name="opening_money_has_a_currency",
            ),
            models.CheckConstraint(condition=Q(kind__in=LotKind.values), name="opening_kind_known"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | ~Q(name=""),
                name="opening_is_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
