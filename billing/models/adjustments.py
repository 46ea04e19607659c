"""What staff put right by hand: asked by one, above a limit decided by another, applied once."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from accounts import ids
from accounts.ids import uuid7
from accounts.models import Customer, StaffRole, User
from billing.models.adjustment_batches import AdjustmentBatch
from billing.models.purchases import Purchase

ADJUSTMENT: Final = "adj"


class AdjustmentKind(models.TextChoices):
    ADD = "add", "Add credits"
    VOID = "void", "Void credits"
    FORFEIT = "forfeit", "Forfeit credits"
    GOODWILL = "goodwill", "Give goodwill"
    EXTEND = "extend", "Extend a lot"
    REINSTATE = "reinstate", "Reinstate expired credits"
    MOVE = "move", "Move credits"
    REVERSE = "reverse", "Reverse a call"


class AdjustmentState(models.TextChoices):
    """One that waits past `waits_until` has expired: nobody can decide it any more."""

    WAITING = "waiting"
    APPLIED = "applied"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Adjustment(models.Model):
    """A change, never a balance. Credits are micro-credits; `size_money` is in `size_currency`, the
    functional one, and null where no rate says what it is worth. What was asked never changes, and
    nothing does once it is decided: a trigger sees to it, and nobody deletes one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=AdjustmentKind)
    reason = models.CharField(max_length=40)
    note = models.TextField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="adjustments")
    credits = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    receiver = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    # What it corrects; lots and calls are of the customer.
    lot_id = models.UUIDField(null=True)
    reservation_id = models.UUIDField(null=True)
    transaction_id = models.UUIDField(null=True)
    purchase = models.ForeignKey(
        Purchase, on_delete=models.PROTECT, null=True, related_name="adjustments"
    )
    # Of a file that is asked for and decided as a whole, and its row there.
    batch = models.ForeignKey(
        AdjustmentBatch, on_delete=models.PROTECT, null=True, related_name="adjustments"
    )
    row = models.IntegerField(null=True)
    state = models.CharField(max_length=16, choices=AdjustmentState)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Why it needed a second person; empty: it did not.
    waits_for = models.TextField(blank=True)
    waits_until = models.DateTimeField(null=True)
    size_credits = models.BigIntegerField()
    size_money = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    size_currency = models.CharField(max_length=3)
    # What it would come to when it was asked, and what it came to (adjustments/effects.py).
    asked_effect = models.JSONField(encoder=DjangoJSONEncoder)
    effect = models.JSONField(encoder=DjangoJSONEncoder, null=True)
    transactions = ArrayField(models.UUIDField(), default=list)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("propose_adjustment", "Can ask for adjustments"),
            ("approve_adjustment", "Can decide adjustments that others ask for"),
        ]
        indexes = [
            models.Index(fields=["customer", "asked_at"], name="adjustment_of_customer"),
            models.Index(fields=["receiver", "asked_at"], name="adjustment_to_customer"),
            models.Index(fields=["lot_id"], name="adjustment_of_lot"),
            models.Index(fields=["reservation_id"], name="adjustment_of_call"),
            models.Index(
                fields=["waits_until"], condition=Q(state="waiting"), name="adjustment_waits"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AdjustmentKind.values, state__in=AdjustmentState.values),
                name="adjustment_is_of_the_known",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(note=""), name="adjustment_says_why"
            ),
            models.CheckConstraint(
                condition=Q(kind="extend", credits__isnull=True)
                | ~Q(kind="extend") & Q(credits__gt=0),
                name="adjustment_credits_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(waits_for="", waits_until__isnull=True, decided_by__isnull=True)
                & Q(state="applied", decided_at__isnull=False)
                | ~Q(waits_for="")
                & Q(waits_until__isnull=False)
                & (
                    Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                    | ~Q(state="waiting")
                    & Q(decided_by__isnull=False, decided_at__lt=F("waits_until"))
                ),
                name="adjustment_is_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", decided_by=F("asked_by"))
                | ~Q(state="withdrawn")
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by"))),
                name="adjustment_is_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="applied", effect__isnull=False)
                | ~Q(state="applied") & Q(effect__isnull=True),
                name="adjustment_applied_has_effect",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return ids.encode(ADJUSTMENT, self.id)


class AdjustmentLimit(models.Model):
    """How much people of a role may adjust for one customer within 24 hours without a second
    person. A role without a row may nothing alone. Money is in the functional currency."""

    role = models.CharField(max_length=20, unique=True, choices=StaffRole)
    credits = models.BigIntegerField()
    money = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gte=0, money__gte=0), name="adjustment_limit_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.role
