"""What is sold, and the tax on it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from djmoney.models.fields import MoneyField

from accounts.ids import uuid7
from accounts.models import Customer

CURRENCIES = ("USD", "EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "CAD", "AUD", "JPY", "KWD")


class Pack(models.Model):
    """Credits with a price in each of some currencies. Credits are micro-credits.

    A bonus with a validity of its own is a lot of its own, to which a part of the price is
    allocated by how much of each is expected to be used; otherwise all of it is one lot (E03).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64)
    name = models.CharField(max_length=100)
    credits = models.BigIntegerField()
    bonus_credits = models.BigIntegerField(default=0)
    validity_days = models.PositiveIntegerField(default=365)
    bonus_validity_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty: the bonus is valid as long as what is paid for."
    )
    family = models.SlugField(
        max_length=40,
        default="standard",
        help_text="Packs whose use can be compared: breakage is estimated for them together.",
    )
    expected_use_percent = models.PositiveSmallIntegerField(default=100)
    bonus_expected_use_percent = models.PositiveSmallIntegerField(default=100)
    active_from = models.DateTimeField(db_default=Now())
    active_until = models.DateTimeField(null=True, blank=True)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="An offer for this customer only.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="pack_code_unique"),
            models.CheckConstraint(
                condition=Q(credits__gt=0, bonus_credits__gte=0), name="pack_has_credits"
            ),
            models.CheckConstraint(
                condition=Q(validity_days__gt=0)
                & (Q(bonus_validity_days__isnull=True) | Q(bonus_validity_days__gt=0)),
                name="pack_is_valid_for_a_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    expected_use_percent__range=(1, 100), bonus_expected_use_percent__range=(1, 100)
                ),
                name="pack_expected_use_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(active_until__isnull=True) | Q(active_until__gt=F("active_from")),
                name="pack_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PackPrice(models.Model):
    """Net of tax."""

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="prices")
    price = MoneyField(
        max_digits=14,
        decimal_places=3,
        default_currency=None,
        currency_choices=[(code, code) for code in CURRENCIES],
    )

    objects: ClassVar[models.Manager["PackPrice"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pack", "price_currency"], name="pack_price_once_per_currency"
            ),
            models.CheckConstraint(condition=Q(price__gt=0), name="pack_price_positive"),
        ]

    def __str__(self) -> str:
        return str(self.price)


class TaxRate(models.Model):
    """What is due to a country, or to a region of it, from an instant on."""

    name = models.CharField(max_length=50, help_text="As receipts call it: VAT, sales tax.")
    country = models.CharField(max_length=2, help_text="ISO 3166: DE")
    region = models.CharField(max_length=10, blank=True, help_text="Empty: the whole country.")
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    effective_from = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["country", "region", "effective_from"], name="tax_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="tax_rate_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(country__regex="^[A-Z]{2}$"), name="tax_rate_country_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"
