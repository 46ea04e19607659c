"""What endpoints cost the provider, and how much of their price is to be left of it."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from billing.models.packs import CURRENCIES
from billing.models.policy import check_currency
from ledger.models import Endpoint, Price
from ledger.prices.pricing import CALLS


class EndpointCost(models.Model):
    """Money, in whole units of the currency, for every call of an endpoint, or for every unit of a
    quantity that its calls name; from a date on, until there is another for the same."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")
    quantity = models.SlugField(
        max_length=50, blank=True, help_text="For every unit of it: tokens. Empty: for every call."
    )
    amount = models.DecimalField(max_digits=20, decimal_places=9, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    starts_on = models.DateField(help_text="In the time zone of the books.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "quantity", "starts_on"],
                name="endpoint_cost_once_from_a_day",
                violation_error_message="There is a cost of this from that day on already:"
                " change that one.",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="endpoint_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="endpoint_cost_currency_is_iso"
            ),
        ]

    def clean(self) -> None:
        check_currency("currency", self.currency)
        if self.currency not in CURRENCIES:
            known = ", ".join(CURRENCIES)
            raise ValidationError({"currency": f"Packs are not sold in {self.currency}: {known}."})
        if self.quantity and self.endpoint_id is not None:
            self._check_quantity()

    def _check_quantity(self) -> None:
        """Raises ValidationError. A cost of what no call names would be nothing for ever."""
        prices = Price.objects.filter(endpoint=self.endpoint_id).values_list("units", flat=True)
        names = sorted({unit["name"] for units in prices for unit in units} - {CALLS})
        if self.quantity not in names:
            known = f"it has {', '.join(names)}" if names else "leave it empty, for every call"
            told = f"No price of this endpoint has {self.quantity}: {known}."
            raise ValidationError({"quantity": told})

    def __str__(self) -> str:
        of = self.quantity or "call"
        return f"{self.endpoint}: {self.amount.normalize():f} {self.currency} a {of}"


class MarginTarget(models.Model):
    """How much of its price is to be left of an endpoint, where that is not the usual."""

    endpoint = models.OneToOneField(
        Endpoint, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    percent = models.DecimalField(max_digits=4, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lt=100), name="margin_target_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.percent.normalize():f} %"


class Margin(Endpoint):
    """Nothing is stored of it: it is for staff's pages to list, and to say who may look."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "gross margin"
        verbose_name_plural = "gross margin"
