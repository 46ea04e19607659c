"""What the built-in test provider knows. None of it is read by the rest of billing."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class SandboxCheckout(models.Model):
    ref = models.CharField(max_length=64, primary_key=True)
    payment_ref = models.CharField(max_length=64, unique=True)
    purchase_ref = models.CharField(max_length=64, unique=True)
    customer_ref = models.CharField(max_length=64)
    description = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    return_url = models.TextField()
    cancel_url = models.TextField()
    state = models.CharField(max_length=16, default="open")  # open, paid, expired, closed
    refunded = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    saves_card = models.BooleanField(default=False)
    # The last digits of the card that paid, which say how it behaves when it is charged later.
    card = models.CharField(max_length=4, default="4242")
    created_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")),
                name="sandbox_checkout_refunds_no_more_than_came",
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class SandboxCard(models.Model):
    """A card that was kept. Without a row it was forgotten."""

    ref = models.CharField(max_length=64, primary_key=True)
    customer_ref = models.CharField(max_length=64)
    last4 = models.CharField(max_length=4)

    def __str__(self) -> str:
        return self.ref


class SandboxRefund(models.Model):
    ref = models.CharField(max_length=64, primary_key=True)
    key = models.CharField(max_length=64, unique=True)
    checkout = models.ForeignKey(SandboxCheckout, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    state = models.CharField(max_length=16, default="succeeded")
    our_ref = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.ref


class SandboxDispute(models.Model):
    ref = models.CharField(max_length=64, primary_key=True)
    checkout = models.ForeignKey(SandboxCheckout, on_delete=models.PROTECT, related_name="disputes")
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    state = models.CharField(max_length=16, default="open")  # open, won, lost
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.ref


class SandboxEvent(models.Model):
    """To be posted, signed, to our webhook until it says 200."""

    ref = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(delivered_at__isnull=True),
                name="sandbox_event_undelivered",
            ),
        ]

    def __str__(self) -> str:
        return self.ref
