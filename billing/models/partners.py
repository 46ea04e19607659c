"""Endpoints that belong to partners: their terms, what was accrued under them, and what was paid
out.

Money is minor units of the currency beside it, credits are micro-credits. `earned` and `worth` are
exact parts of minor units: what is posted is differences of their rounded sums.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.models import Customer, User
from ledger.models import Endpoint

PLACES = 18


class Partner(models.Model):
    """Whoever earns with the endpoints that belong to them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> str:
        """As the books name it."""
        return f"ptr_{self.id.hex}"


class PartnerTerm(models.Model):
    """What a partner has of the calls of an endpoint that are made from `starts_at` until
    `ends_at`: per cent of what they earn, or so many credits of each. Only its end changes, before
    it has come; no two terms of an endpoint are of one time (`partner_terms_do_not_overlap`)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="terms")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")
    percent = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Of the money that the credits of a call cost; free credits earn nothing.",
    )
    credits = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Of each call its first so many, at their cost; at most the whole call.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = "partner terms"
        verbose_name_plural = "partner terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True, credits__gt=0)
                | Q(credits__isnull=True, percent__gt=0, percent__lte=100),
                name="partner_terms_are_percent_or_credits",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="partner_terms_end_after_they_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} to {self.partner}"

    def is_over(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class PartnerShare(models.Model):
    """How many credits of a lot calls used under these terms, and how many of them are the
    partner's: kept so that what they are worth is rounded once. A lot whose price is spread anew
    has another row."""

    term = models.ForeignKey(PartnerTerm, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    lot_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    price = models.BigIntegerField()
    basis = models.BigIntegerField()
    began_at = models.DateTimeField()
    used = models.BigIntegerField()
    units = models.BigIntegerField()
    # Of these: used on credit, and covered by the lot since.
    covered_used = models.BigIntegerField(default=0)
    covered_units = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "lot_id", "term", "price", "basis"],
                name="partner_share_of_a_lot_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} of lot {self.lot_id}"


class PartnerAccrual(models.Model):
    """What a run entered for terms on a day. Append-only: they sum to what is accrued."""

    term = models.ForeignKey(PartnerTerm, on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    posted_on = models.DateField()
    calls = models.IntegerField()
    used = models.BigIntegerField()
    earned = models.DecimalField(max_digits=40, decimal_places=PLACES)
    worth = models.DecimalField(max_digits=40, decimal_places=PLACES)
    amount = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["partner", "posted_on"], name="partner_accrual_of_month")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.posted_on}"


class PartnerTotal(models.Model):
    """All that was accrued for a partner in a currency: `accrued` is `worth`, half to even."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="totals")
    currency = models.CharField(max_length=3)
    worth = models.DecimalField(max_digits=40, decimal_places=PLACES)
    accrued = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["partner", "currency"], name="partner_total_once")
        ]

    def __str__(self) -> str:
        return f"{self.accrued} {self.currency}"


class PartnerWatermark(models.Model):
    """Until which version of a wallet its calls were accrued."""

    customer = models.OneToOneField(
        Customer,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    version = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.customer_id} to {self.version}"


class PartnerPayout(models.Model):
    """Money that left for a partner. `beyond` is what of it was more than was owed: nothing,
    unless whoever recorded it said so."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payouts")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    beyond = models.BigIntegerField(default=0)
    paid_on = models.DateField()
    reference = models.CharField(max_length=100, help_text="The bank's, or the transfer's.")
    note = models.CharField(max_length=200, blank=True)
    transaction_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "reference"], name="partner_payout_reference_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, beyond__gte=0, beyond__lte=F("amount")),
                name="partner_payout_is_above_zero",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def document(self) -> str:
        return f"pyo_{self.id.hex}"
