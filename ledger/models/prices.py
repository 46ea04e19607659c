"""What calls cost, and who pays by which card."""

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from accounts.models import Customer

PER_CENT = 100


def per_cent(default: int, help_text: str) -> "models.PositiveSmallIntegerField[int, int]":
    return models.PositiveSmallIntegerField(
        default=default,
        db_default=default,
        validators=[MaxValueValidator(PER_CENT)],
        help_text=help_text,
    )


class Endpoint(models.Model):
    """A call that the provider sells, and how much of its price is billed by how it ended."""

    code = models.SlugField(max_length=100)
    name = models.CharField(max_length=200)
    method = models.CharField(max_length=10, blank=True)
    path_template = models.CharField(
        max_length=500, blank=True, help_text="As in OpenAPI: /v1/files/{id}/summary"
    )
    billed_success = per_cent(100, "Per cent of the price: the call did what it is for.")
    billed_client_error = per_cent(0, "It failed by the caller's fault (4xx).")
    billed_server_error = per_cent(0, "It failed by ours (5xx).")
    billed_timeout = per_cent(0, "It took too long (504).")
    billed_partial = per_cent(100, "It did a part of what it is for.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="endpoint_code_unique"),
            models.UniqueConstraint(
                fields=["method", "path_template"],
                condition=~Q(path_template=""),
                name="endpoint_path_unique",
            ),
            models.CheckConstraint(
                condition=Q(
                    billed_success__lte=PER_CENT,
                    billed_client_error__lte=PER_CENT,
                    billed_server_error__lte=PER_CENT,
                    billed_timeout__lte=PER_CENT,
                    billed_partial__lte=PER_CENT,
                ),
                name="endpoint_billed_per_cent",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PriceGroup(models.Model):
    """Customers who pay by cards of their own."""

    name = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], name="price_group_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class RateCard(models.Model):
    """A version of prices: of everyone's, of a group's, or some of one customer's, which go before
    the others. The one in force is the last published one whose date has come."""

    name = models.CharField(max_length=100)
    group = models.ForeignKey(
        PriceGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cards",
        help_text="Whose card this is. None: of everyone who has no group.",
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of one customer: the prices here go before those of its other card.",
    )
    effective_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], name="rate_card_name_unique"),
            models.UniqueConstraint(
                fields=["group", "customer", "effective_at"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                nulls_distinct=False,
                name="rate_card_once_in_force",
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=True) | Q(customer__isnull=True),
                name="rate_card_of_group_or_customer",
                violation_error_message="A card is of a group or of one customer, not of both.",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(published_at__isnull=False),
                name="rate_card_published_before_retired",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """What a call of an endpoint costs, in micro-credits: so much a call, and what its units say,
    at least and at most so much. `units` are those of `pricing.Unit`. Not changed once its card is
    published."""

    rate_card = models.ForeignKey(RateCard, on_delete=models.PROTECT, related_name="prices")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="prices")
    per_call = models.BigIntegerField(default=0)
    units = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    minimum = models.BigIntegerField(null=True, blank=True)
    maximum = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rate_card", "endpoint"], name="price_unique"),
            models.CheckConstraint(
                condition=Q(per_call__gte=0)
                & (Q(minimum__isnull=True) | Q(minimum__gte=0))
                & (Q(maximum__isnull=True) | Q(maximum__gte=0)),
                name="price_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True)
                | Q(maximum__isnull=True)
                | Q(minimum__lte=F("maximum")),
                name="price_minimum_below_maximum",
                violation_error_message="The minimum is above the maximum.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} on {self.rate_card}"


class PriceTerms(models.Model):
    """By which cards a customer pays, where they are not everyone's."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="price_terms"
    )
    group = models.ForeignKey(
        PriceGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="terms"
    )
    pinned_to = models.ForeignKey(
        RateCard, on_delete=models.PROTECT, null=True, blank=True, related_name="pins"
    )
    pinned_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        verbose_name_plural = "price terms"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pinned_until__isnull=True) | Q(pinned_to__isnull=False),
                name="price_terms_pin_has_a_card",
            ),
        ]

    def __str__(self) -> str:
        return f"Prices of {self.customer}"


class OpenLine(models.Model):
    """An endpoint that a draft is to sell, whose price nobody has filled in yet. It is open while
    the card has no price of it."""

    rate_card = models.ForeignKey(RateCard, on_delete=models.PROTECT, related_name="open_lines")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rate_card", "endpoint"], name="open_line_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} on {self.rate_card_id}"
