"""Automatic top-up: what a customer agreed to, each attempt, and cards that are left alone.

Thresholds, targets and gaps are micro-credits; prices, caps and amounts minor units of the currency
beside them. Instants are the ledger's.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.models import Customer, User
from billing.models.packs import Pack
from billing.models.purchases import PaymentMethod, Purchase


class Obstacle(models.TextChoices):
    """Why nothing is charged although it is wanted."""

    CAP = "cap", "The monthly limit is reached"
    DECLINED = "declined", "The card was declined"
    DISPUTED = "disputed", "A payment is disputed"
    CARD = "card", "The card is not saved any more"
    PACK = "pack", "The pack is not on sale any more"
    PRICE = "price", "The pack costs more, or has fewer credits, than was agreed"
    PLACE = "place", "The billing details do not say where tax is due"
    TAX = "tax", "Tax is found out at the checkout only"
    PROVIDER = "provider", "The card's payment provider is not in use any more"


class TopUpSettings(models.Model):
    """What a customer agreed to be charged without being asked each time. Nothing that is dearer
    than `price` for a pack of `credits` is covered by it."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="top_up_settings"
    )
    enabled = models.BooleanField(default=False)
    threshold = models.BigIntegerField()
    target = models.BigIntegerField()
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    # Of one pack when it was agreed: net, and with its bonus.
    price = models.BigIntegerField()
    credits = models.BigIntegerField()
    cap = models.BigIntegerField(help_text="For a calendar month in UTC, tax included.")
    card = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, related_name="+")
    suspend_keys = models.BooleanField(default=False, help_text="While a payment is owed.")
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField()
    # Since the first failure that no success and no other card followed.
    failing_since = models.DateTimeField(null=True)
    # What the owners were told last; none after a charge was begun.
    stopped_by = models.CharField(max_length=10, choices=Obstacle, blank=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "automatic top-up"
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gt=0, target__gt=F("threshold")),
                name="top_up_target_is_above_its_threshold",
            ),
            models.CheckConstraint(
                condition=Q(price__gt=0, credits__gt=0, cap__gt=0), name="top_up_amounts_positive"
            ),
            models.CheckConstraint(
                condition=Q(stopped_by__in=["", *Obstacle.values]), name="top_up_obstacle_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{'on' if self.enabled else 'off'} since {self.agreed_at:%Y-%m-%d}"


class TopUpState(models.TextChoices):
    WANTED = "wanted"
    CHARGING = "charging"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    GIVEN_UP = "given_up"


IN_FLIGHT = (TopUpState.WANTED, TopUpState.CHARGING)


class TopUp(models.Model):
    """One attempt to close a gap, with one purchase and one charge. What is paid late has succeeded
    all the same: only `succeeded` is the end."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="top_ups")
    state = models.CharField(max_length=10, choices=TopUpState, default=TopUpState.WANTED)
    # That told of the threshold; none where the sweep found it crossed.
    event = models.UUIDField(null=True)
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, null=True, related_name="top_up"
    )
    card = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, null=True, related_name="+")
    gap = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Whoever works on it has it until then.
    due_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "top-up"
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=["wanted", "charging"]),
                name="top_up_one_in_flight",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TopUpState.values), name="top_up_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="wanted", purchase=None, finished_at=None)
                | Q(state="charging", purchase__isnull=False, finished_at=None)
                | Q(
                    state__in=["succeeded", "failed", "given_up"],
                    purchase__isnull=False,
                    finished_at__isnull=False,
                ),
                name="top_up_is_as_far_as_it_says",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=["wanted", "charging"]), name="top_up_due"
            ),
            models.Index(fields=["customer", "-id"], name="top_up_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class CardBreaker(models.Model):
    """A card that was declined: until `retry_at` it is left alone, and when it is `opened_at`, for
    good, until a payment with it succeeds."""

    card = models.OneToOneField(
        PaymentMethod, on_delete=models.PROTECT, primary_key=True, related_name="breaker"
    )
    declines = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    reason = models.TextField(blank=True, help_text="Of the last one.")
    retry_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "open" if self.opened_at else f"{self.declines} declines"
