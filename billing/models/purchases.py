"""What a customer buys, and who it is to a provider and to the tax office."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import ids
from accounts.ids import uuid7
from accounts.models import Customer, User
from billing.models.packs import Pack

PURCHASE = "pur"


class PurchaseState(models.TextChoices):
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Purchase(models.Model):
    """One checkout of one pack as it was then, or of several alike. Money is minor units of
    `currency`, credits are micro-credits, and all of it is of the whole `quantity`. What is paid
    late is a purchase all the same: only `paid` is the end."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchases")
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="purchases")
    pack_code = models.CharField(max_length=64)
    pack_name = models.CharField(max_length=100)
    quantity = models.PositiveIntegerField(default=1, db_default=1)
    credits = models.BigIntegerField()
    bonus_credits = models.BigIntegerField(default=0)
    validity_days = models.PositiveIntegerField()
    bonus_validity_days = models.PositiveIntegerField(null=True)
    # The part of the price that belongs to a bonus on terms of its own.
    bonus_net = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    tax_name = models.CharField(max_length=50, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    tax_country = models.CharField(max_length=2, blank=True)
    tax_region = models.CharField(max_length=10, blank=True)
    # Of all of its credits, due when they are used: then none is charged at the sale.
    tax_on_use = models.BigIntegerField(default=0)
    # The provider finds out the tax: `tax` and `total` are what it says when it is paid.
    tax_by_provider = models.BooleanField(default=False)
    # Whether the payer agreed that the card is charged again without being asked.
    save_card = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16, choices=PurchaseState, default=PurchaseState.PENDING, editable=False
    )
    reason = models.TextField(blank=True, help_text="Why it failed.")
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255, null=True)
    checkout_url = models.TextField(blank=True)
    key = models.UUIDField(null=True, help_text="Of the form: sent twice, it is one purchase.")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="purchase_of_customer"),
            models.Index(fields=["state", "id"], name="purchase_state"),
            models.Index(
                fields=["expires_at"], condition=Q(state="pending"), name="purchase_pending"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="purchase_ref_once"),
            models.UniqueConstraint(fields=["customer", "key"], name="purchase_key_once"),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="purchase_total_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(net__gt=0, tax__gte=0, bonus_net__gte=0, bonus_net__lt=F("net")),
                name="purchase_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(tax_on_use=0) | Q(tax_on_use__gt=0, tax=0),
                name="purchase_has_one_tax_point",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0, bonus_credits__gte=0), name="purchase_has_credits"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="purchase_has_a_quantity"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="purchase_currency_is_iso"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PurchaseState.values), name="purchase_state_known"
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False) | ~Q(state="paid"),
                name="purchase_paid_has_an_instant",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As the outside and the journal know it."""
        return ids.encode(PURCHASE, self.id)

    @property
    def description(self) -> str:
        """What was bought, as people are told."""
        if self.quantity == 1:
            return self.pack_name
        return f"{self.quantity:,} \N{MULTIPLICATION SIGN} {self.pack_name}"

    @property
    def has_own_bonus_lot(self) -> bool:
        return self.bonus_credits > 0 and self.bonus_validity_days is not None


class BillingProfile(models.Model):
    """Whom receipts are made out to, and where tax is due."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="billing_profile"
    )
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    line1 = models.CharField("address", max_length=200, blank=True)
    line2 = models.CharField("address, second line", max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=10, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166: DE")
    tax_id = models.CharField(max_length=50, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex="^[A-Z]{2}$"),
                name="billing_profile_country_is_iso",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.customer_id)


class ProviderCustomer(models.Model):
    """The customer as a provider knows it, with its saved payment methods."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    ref = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "provider"], name="provider_customer_once_per_customer"
            ),
            models.UniqueConstraint(fields=["provider", "ref"], name="provider_customer_ref_once"),
        ]

    def __str__(self) -> str:
        return self.ref


class PaymentMethod(models.Model):
    """A card that the customer let the provider keep."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payment_methods")
    provider = models.CharField(max_length=16)
    ref = models.CharField(max_length=255)
    # Whose it is to the provider: who buys first on two pages at once is two customers there.
    customer_ref = models.CharField(max_length=255, default="")
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "saved card"
        constraints = [
            models.UniqueConstraint(fields=["provider", "ref"], name="payment_method_ref_once"),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}".strip() or self.ref
