"""What customers are told of their balance: when, whom, and what was told."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.ids import uuid7
from accounts.models import Customer
from billing.models.mails import Mail

COOL_DOWN_HOURS_MAX = 720


class AlertBasis(models.TextChoices):
    CREDITS = "credits", "credits are left"
    PERCENT = "percent", "% of the last purchase is used"
    DAYS = "days", "days are left at the present pace"


class AlertKind(models.TextChoices):
    LOW = "low"
    RECOVERED = "recovered"
    DRY = "dry"


class AlertSettings(models.Model):
    """Of one customer. Without `enabled` no threshold is watched, and nobody is mailed."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="alert_settings"
    )
    enabled = models.BooleanField(default=True)
    by_email = models.BooleanField(default=True)
    extra_recipients = ArrayField(models.EmailField(), default=list, blank=True)
    cool_down_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MaxValueValidator(COOL_DOWN_HOURS_MAX)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cool_down_hours__lte=COOL_DOWN_HOURS_MAX), name="alert_cool_down_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"alerts of {self.customer_id}"


class AlertThreshold(models.Model):
    """`value` is micro-credits, per cent of the last purchase used, or days left."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    settings = models.ForeignKey(AlertSettings, on_delete=models.PROTECT, related_name="thresholds")
    basis = models.CharField(max_length=8, choices=AlertBasis)
    value = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settings", "basis", "value"], name="alert_threshold_once"
            ),
            models.CheckConstraint(
                condition=Q(basis="credits", value__gt=0)
                | Q(basis="percent", value__range=(1, 100))
                | Q(basis="days", value__range=(1, 365)),
                name="alert_threshold_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} {self.basis}"


class Alert(models.Model):
    """One for each crossing of a threshold, and one for each recovery. Amounts are micro-credits.

    Without `basis` it is of the balance itself, which ran dry. Those of one instant share a mail.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    event_id = models.UUIDField()
    kind = models.CharField(max_length=9, choices=AlertKind)
    basis = models.CharField(max_length=8, choices=AlertBasis, blank=True)
    value = models.BigIntegerField(null=True)
    level = models.BigIntegerField(null=True)
    available = models.BigIntegerField()
    required = models.BigIntegerField(null=True, help_text="By the call that was refused.")
    happened_at = models.DateTimeField()
    mail = models.ForeignKey(Mail, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="alert_once_for_event"),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind"),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="alert_of_customer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
