"""Money that came in, and what of it went back."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import ids
from accounts.ids import uuid7
from accounts.models import User
from billing.models.policy import Chargeback
from billing.models.purchases import PaymentMethod, Purchase

REFUND = "ref"


class Payment(models.Model):
    """One for each purchase that was paid. Minor units of the purchase's currency.

    `returned` is the one running total over refunds, disputes and wins: what has been given back,
    or is in dispute. With the fees that were kept of refunds it is no more than `amount`.
    """

    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, primary_key=True, related_name="payment"
    )
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    tax = models.BigIntegerField()
    fee = models.BigIntegerField(null=True)
    refunded = models.BigIntegerField(default=0)
    # Of refunds: it did not go back, and is not left to be refunded either (E10c).
    fees_kept = models.BigIntegerField(default=0)
    disputed = models.BigIntegerField(default=0)
    clawed_back = models.BigIntegerField(default=0)
    # Of `reversed`.
    tax_returned = models.BigIntegerField(default=0)
    # The highest total of refunds that the provider has told of, where it tells totals.
    refunds_told = models.BigIntegerField(default=0)
    lots = ArrayField(models.UUIDField())
    paid_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="payment_ref_once"),
            models.CheckConstraint(
                condition=Q(
                    amount__gt=0,
                    tax__gte=0,
                    refunded__gte=0,
                    fees_kept__gte=0,
                    disputed__gte=0,
                    clawed_back__gte=0,
                    refunds_told__gte=0,
                ),
                name="payment_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount__gte=F("refunded") + F("fees_kept") + F("disputed") + F("clawed_back")
                ),
                name="payment_returns_no_more_than_came",
            ),
            models.CheckConstraint(
                condition=Q(tax_returned__gte=0, tax_returned__lte=F("tax")),
                name="payment_returns_no_more_tax_than_came",
            ),
        ]

    def __str__(self) -> str:
        return self.provider_ref

    @property
    def returned(self) -> int:
        return self.refunded + self.disputed + self.clawed_back

    @property
    def reversed(self) -> int:
        """Of the sale, for good: tax, credits and deferred revenue follow from it."""
        return self.refunded + self.fees_kept + self.clawed_back

    @property
    def left(self) -> int:
        return self.amount - self.reversed - self.disputed


class RefundState(models.TextChoices):
    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refund(models.Model):
    """Money on its way back, with the credits that were taken for it.

    `told` is what the provider says was refunded by this; `amount` is what this reversed of the
    sale: less, where a total told before had it already, and more by the fee that was kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255, null=True)
    state = models.CharField(max_length=16, choices=RefundState, default=RefundState.REQUESTED)
    told = models.BigIntegerField()
    amount = models.BigIntegerField()
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    fee_kept = models.BigIntegerField(default=0)
    # Of `net`, what was for credits that are used already (E10b).
    concession = models.BigIntegerField(default=0)
    credits = models.BigIntegerField()
    # Credits that it should have taken as well, and that were held or used: see swept.py.
    pending = models.BigIntegerField(default=0)
    lots = ArrayField(models.UUIDField())
    lot_credits = ArrayField(models.BigIntegerField())
    lot_net = ArrayField(models.BigIntegerField())
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="refund_ref_once"),
            models.CheckConstraint(
                condition=Q(amount=F("net") + F("tax")), name="refund_amount_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(told__gte=0, amount__gte=0, credits__gte=0, pending__gte=0),
                name="refund_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(fee_kept=0) | Q(fee_kept__gt=0, fee_kept__lt=F("amount")),
                name="refund_fee_is_of_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RefundState.values), name="refund_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def paid_back(self) -> int:
        return self.amount - self.fee_kept

    @property
    def name(self) -> str:
        return ids.encode(REFUND, self.id)


class DisputeState(models.TextChoices):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(models.Model):
    """A payer went to the bank. Credits are frozen while it is open, and taken when it is lost."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255)
    state = models.CharField(max_length=16, choices=DisputeState, default=DisputeState.OPEN)
    amount = models.BigIntegerField()
    # Of `amount`, what is more than was left of the payment: some of it was refunded before, or the
    # bank reckons in another currency. It counts in no running total.
    excess = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    fee_returned = models.BigIntegerField(default=0)
    reason = models.TextField(blank=True)
    # What the credits in dispute are, used or not. What is not frozen of them, or not taken when it
    # is lost, was held or used: see swept.py.
    credits = models.BigIntegerField()
    lots = ArrayField(models.UUIDField())
    lot_credits = ArrayField(models.BigIntegerField())
    frozen = models.BigIntegerField()
    clawed_credits = models.BigIntegerField(default=0)
    # The policy when it was lost: what is swept later is entered alike.
    chargeback = models.CharField(
        max_length=20, choices=Chargeback, default=Chargeback.CONTRA_REVENUE
    )
    tax_relief = models.BooleanField(default=True)
    # Of its tax, what stays due without relief: it is a loss.
    tax_lost = models.BigIntegerField(default=0)
    # What a lost dispute left the customer owing: it was spent.
    owed = models.BigIntegerField(default=0)
    # That automatic top-up would have charged next: see top_up/cards.py.
    card = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="dispute_ref_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, fee__gte=0, frozen__gte=0, owed__gte=0),
                name="dispute_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(excess__gte=0, excess__lte=F("amount")),
                name="dispute_excess_is_of_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DisputeState.values), name="dispute_state_known"
            ),
            models.CheckConstraint(
                condition=Q(chargeback__in=Chargeback.values), name="dispute_chargeback_known"
            ),
        ]

    def __str__(self) -> str:
        return self.provider_ref

    @property
    def counted(self) -> int:
        """In the payment's running total."""
        return self.amount - self.excess
