"""What a finance team decides about its books (accounting rules, section 9)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from moneyed import CURRENCIES


class Method(models.TextChoices):
    """When breakage is recognised (ASC 606-10-55-48, IFRS 15.B46)."""

    REMOTE = "remote", "When use becomes remote: at expiry"
    PROPORTIONAL = "proportional", "In proportion to use, where history passes the gate"


class Goodwill(models.TextChoices):
    ZERO_PRICE_LOT = "zero-price-lot", "A lot without a price"
    PRICE_CONCESSION = "price-concession", "More credits for the price of an open paid lot"


class Chargeback(models.TextChoices):
    """What of a lost dispute was used already."""

    CONTRA_REVENUE = "contra-revenue", "Contra-revenue (4310)"
    CREDIT_LOSS = "credit-loss", "A loss (6300): the revenue stays"
    RECEIVABLE = "receivable", "A receivable (1100): the customer owes it"


class Extension(models.TextChoices):
    CATCH_UP = "catch-up", "A new estimate, with a catch-up now"
    PROSPECTIVE = "prospective", "A modification: what is left is spread over what is left"


class TaxPoint(models.TextChoices):
    SALE = "sale", "When credits are sold"
    REDEMPTION = "redemption", "When credits are used"


class Closing(models.TextChoices):
    """What becomes of what is left when an account is closed."""

    REFUND = "refund", "Paid credits are refunded to their payments, the rest forfeited"
    FORFEIT = "forfeit", "All of it is forfeited"


def check_currency(field: str, code: str) -> None:
    """Raises ValidationError."""
    if code not in CURRENCIES:
        raise ValidationError({field: f"{code} is no currency of ISO 4217, such as EUR."})


class Policy(models.Model):
    """One row. What is changed counts from then on."""

    only_row = models.BooleanField(primary_key=True, default=True, editable=False)
    method = models.CharField(max_length=16, choices=Method, default=Method.REMOTE)
    gate_waived = models.BooleanField(
        default=False,
        help_text="Recognise in proportion to use even where history does not pass the gate.",
    )
    refresh_estimates = models.BooleanField(
        default=False,
        help_text="Closing a month makes new estimates from the curve of use. Otherwise they are"
        " what a person said last.",
    )
    comparability_broken = models.BooleanField(
        default=False,
        help_text="Expiry policy, price or product change so that history says little of what"
        " comes: the gate does not pass.",
    )
    goodwill = models.CharField(max_length=20, choices=Goodwill, default=Goodwill.ZERO_PRICE_LOT)
    chargeback = models.CharField(
        max_length=20, choices=Chargeback, default=Chargeback.CONTRA_REVENUE
    )
    dispute_tax_relief = models.BooleanField(
        default=True,
        help_text="Tax on a lost dispute is due no more. Otherwise it is a loss (6300).",
    )
    extension = models.CharField(max_length=16, choices=Extension, default=Extension.CATCH_UP)
    tax_point = models.CharField(max_length=16, choices=TaxPoint, default=TaxPoint.SALE)
    reinstatement_grace_days = models.PositiveIntegerField(
        default=30, help_text="So long after its expiry a lot is reinstated; later it is goodwill."
    )
    expiry_needs_notice = models.BooleanField(
        default=False,
        help_text="Credits whose owner was not told go on for a day, and again.",
    )
    functional_currency = models.CharField(max_length=3, default="USD")
    closing = models.CharField(
        max_length=10, choices=Closing, default=Closing.REFUND, db_default=Closing.REFUND
    )

    class Meta:
        verbose_name_plural = "policy"
        constraints = [
            models.CheckConstraint(condition=Q(only_row=True), name="policy_is_one_row"),
            models.CheckConstraint(
                condition=Q(
                    method__in=Method.values,
                    goodwill__in=Goodwill.values,
                    chargeback__in=Chargeback.values,
                    extension__in=Extension.values,
                    tax_point__in=TaxPoint.values,
                ),
                name="policy_is_of_the_known",
            ),
            models.CheckConstraint(
                condition=Q(closing__in=Closing.values), name="policy_closing_is_known"
            ),
            models.CheckConstraint(
                condition=Q(functional_currency__regex="^[A-Z]{3}$"),
                name="policy_currency_is_iso",
            ),
        ]

    def __str__(self) -> str:
        return "Policy"

    def clean(self) -> None:
        check_currency("functional_currency", self.functional_currency)

    def save(self, *args: Any, **options: Any) -> None:
        self.only_row = True
        super().save(*args, **options)

    @classmethod
    def current(cls) -> "Policy":
        return cls.objects.get_or_create(only_row=True)[0]


class EscheatClass(models.Model):
    """A place whose state may claim what is left of credits sold there (ASC 606-10-55-49)."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2, help_text="ISO 3166 of the buyer: US")
    region = models.CharField(max_length=10, blank=True, help_text="Empty: all of the country.")
    dormancy_days = models.PositiveIntegerField(
        default=1095, help_text="After the last use, until it must be reported."
    )

    class Meta:
        verbose_name_plural = "escheat classes"
        constraints = [
            models.UniqueConstraint(fields=["country", "region"], name="escheat_class_of_place"),
            models.CheckConstraint(
                condition=Q(country__regex="^[A-Z]{2}$"), name="escheat_class_country_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(models.Model):
    """Units of `to` for one of `currency`, from this day on until there is another."""

    currency = models.CharField(max_length=3)
    to = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "to", "day"], name="exchange_rate_of_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_above_zero"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$", to__regex="^[A-Z]{3}$")
                & ~Q(currency=models.F("to")),
                name="exchange_rate_currencies_are_iso",
            ),
        ]

    def clean(self) -> None:
        check_currency("currency", self.currency)
        check_currency("to", self.to)

    def __str__(self) -> str:
        return f"{self.currency}/{self.to} {self.rate.normalize():f} from {self.day}"
