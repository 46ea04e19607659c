"""Plans: what a customer subscribes to, who did, and the invoices that come of it.

Fees are minor units of the currency beside them, credits are micro-credits. Instants are the
ledger's.
"""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import ids
from accounts.ids import uuid7
from accounts.models import Customer, User
from billing.models.packs import Pack
from billing.models.purchases import PaymentMethod

INVOICE: Final = "inv"
CHARGE: Final = "ich"
SUBSCRIPTION: Final = "sub"


def default_retries() -> list[int]:
    return [1, 3, 5]


class PlanState(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Overage(models.TextChoices):
    """What happens when the credits are used up."""

    STOP = "stop", "Calls are refused"
    TOP_UP = "top_up", "A saved card buys more"
    POST_PAID = "post_paid", "Used up to a credit limit, and invoiced at the period's end"


class OnFailure(models.TextChoices):
    """What follows when an invoice is not paid after the last retry."""

    KEEP = "keep", "Everything goes on; the invoice stays open"
    SUSPEND_KEYS = "suspend_keys", "The keys are suspended until it is paid"
    FALL_BACK = "fall_back", "Another plan takes its place"


class Plan(models.Model):
    """One version of a plan. A draft can be changed; what was published stays as it is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64)
    version = models.PositiveIntegerField(default=1, editable=False)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    state = models.CharField(
        max_length=10, choices=PlanState, default=PlanState.DRAFT, editable=False
    )
    is_public = models.BooleanField(
        "offered", default=True, help_text="Whether customers may choose it by themselves."
    )
    currency = models.CharField(max_length=3)
    fee = models.BigIntegerField(default=0)
    included_credits = models.BigIntegerField(default=0)
    rollover_credits = models.BigIntegerField(default=0)
    connection_fee = models.BigIntegerField(default=0)
    connection_credits = models.BigIntegerField(default=0)
    connections_included = models.PositiveIntegerField(default=0)
    overage = models.CharField(max_length=10, choices=Overage, default=Overage.STOP)
    # Of a top-up that comes with the plan.
    top_up_pack = models.ForeignKey(
        Pack, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    top_up_threshold = models.BigIntegerField(default=0)
    top_up_target = models.BigIntegerField(default=0)
    top_up_cap = models.BigIntegerField(default=0)
    credit_limit = models.BigIntegerField(default=0)
    # Money for one credit, net: whole units of the currency, not minor ones.
    overage_price = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    minimum_spend = models.BigIntegerField(default=0)
    late_commits = models.BooleanField(null=True, blank=True)
    # Reported usage that the credits do not cover: owed, or refused into staff's list.
    owes_reported = models.BooleanField(null=True, blank=True)
    term_months = models.PositiveSmallIntegerField(default=0)
    lasts_days = models.PositiveIntegerField(null=True, blank=True)
    followed_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retry_days = ArrayField(models.PositiveSmallIntegerField(), default=default_retries, blank=True)
    on_failure = models.CharField(max_length=12, choices=OnFailure, default=OnFailure.KEEP)
    fallback = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    price_group = models.CharField(max_length=100, blank=True)
    # As billing.plans.limits reads them.
    limits = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(state="published"), name="plan_one_version_on_offer"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanState.values), name="plan_state_known"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="plan_currency_is_iso"
            ),
            models.CheckConstraint(
                condition=Q(
                    fee__gte=0,
                    included_credits__gte=0,
                    rollover_credits__gte=0,
                    connection_fee__gte=0,
                    connection_credits__gte=0,
                    credit_limit__gte=0,
                    overage_price__gte=0,
                    minimum_spend__gte=0,
                ),
                name="plan_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(credit_limit=0, overage_price=0)
                | Q(overage="post_paid", credit_limit__gt=0, overage_price__gt=0),
                name="plan_post_paid_has_a_limit_and_a_price",
            ),
            models.CheckConstraint(
                condition=Q(overage="post_paid", credit_limit__gt=0) | ~Q(overage="post_paid"),
                name="plan_post_paid_has_a_limit",
            ),
            models.CheckConstraint(
                condition=Q(overage="top_up", top_up_pack__isnull=False)
                | ~Q(overage="top_up") & Q(top_up_pack=None),
                name="plan_top_up_has_a_pack",
            ),
            models.CheckConstraint(
                condition=Q(on_failure="fall_back", fallback__isnull=False)
                | ~Q(on_failure="fall_back") & Q(fallback=None),
                name="plan_falls_back_to_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}" if self.version > 1 else self.name

    @property
    def commitment(self) -> int:
        """What a period costs at least: what a committed contract may not be changed down from."""
        return max(self.fee, self.minimum_spend)


class SubscriptionState(models.TextChoices):
    ACTIVE = "active"
    ENDED = "ended"


class Subscription(models.Model):
    """A customer is on a plan, period by period. Periods are counted from 1."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    # From the next period on.
    next_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        max_length=8, choices=SubscriptionState, default=SubscriptionState.ACTIVE, editable=False
    )
    card = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, null=True, related_name="+")
    # The day of the month on which periods begin, where the month has it, and the first of these.
    anchored_on = models.DateField()
    anchored_period = models.PositiveIntegerField(default=1)
    period = models.PositiveIntegerField(default=1)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    # When this plan began, for its term and for plans that last so many days.
    plan_since = models.DateTimeField()
    plan_until = models.DateTimeField(null=True)
    committed_until = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Whether limits, prices and the credit limit are those of the plan.
    applied = models.BooleanField(default=False)
    has_top_up = models.BooleanField(default=False)
    # Credits that this period includes so far, also those that wait for a payment.
    included = models.BigIntegerField(default=0)
    # A plan that was left while its credit limit was in use: what is owed of that is its overage.
    left_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    stuck = models.TextField(blank=True, help_text="Why its period is not turned over.")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state="active"),
                name="subscription_one_per_customer",
            ),
            models.CheckConstraint(
                condition=Q(state="active", ended_at=None)
                | Q(state="ended", ended_at__isnull=False),
                name="subscription_state_known",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="subscription_period_is_a_time"
            ),
        ]
        indexes = [
            models.Index(
                fields=["period_end"], condition=Q(state="active"), name="subscription_turns"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} of {self.customer}"

    @property
    def name(self) -> str:
        return ids.encode(SUBSCRIPTION, self.id)

    @property
    def is_active(self) -> bool:
        return self.state == SubscriptionState.ACTIVE


class InvoiceKind(models.TextChoices):
    PERIOD = "period"
    CHANGE = "change"
    FINAL = "final"


class InvoiceState(models.TextChoices):
    DUE = "due"
    PAID = "paid"
    FAILED = "failed"  # not tried again by itself


class Invoice(models.Model):
    """What a subscription owes for a time: `net` is `fee` (in advance, earned day by day),
    `arrears` (connections and what is missing to a minimum) and `overage` (credits of `lot`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="invoices"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=8, choices=InvoiceKind)
    # The period that it opens; for a change or an end, the one that it is within.
    period = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    fee = models.BigIntegerField(default=0)
    arrears = models.BigIntegerField(default=0)
    overage = models.BigIntegerField(default=0)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    tax_name = models.CharField(max_length=50, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    # The days of the provider's books for which the fee is: the last is not among them.
    fee_from = models.DateField(null=True)
    fee_until = models.DateField(null=True)
    fee_earned = models.BigIntegerField(default=0)
    # Included ones that come when it is paid.
    credits = models.BigIntegerField(default=0)
    lot = models.UUIDField(null=True)
    state = models.CharField(max_length=8, choices=InvoiceState, default=InvoiceState.DUE)
    reason = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    # Whoever works on it has it until then; none where nobody tries any more.
    due_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=16, blank=True)
    provider_ref = models.CharField(max_length=255, null=True)
    provider_fee = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "period"],
                condition=Q(kind="period"),
                name="invoice_once_a_period",
            ),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(kind="final"), name="invoice_one_final"
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], name="invoice_payment_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(net=F("fee") + F("arrears") + F("overage"), total=F("net") + F("tax")),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0, arrears__gte=0, overage__gte=0, tax__gte=0, total__gt=0),
                name="invoice_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(fee=0, fee_earned=0)
                | Q(
                    fee__gt=0,
                    fee_earned__range=(0, F("fee")),
                    fee_until__gt=F("fee_from"),
                ),
                name="invoice_fee_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(overage=0, lot=None) | Q(overage__gt=0, lot__isnull=False),
                name="invoice_overage_has_a_lot",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False, provider_ref__isnull=False)
                | Q(state__in=["due", "failed"], paid_at=None, provider_ref=None),
                name="invoice_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="invoice_due"),
            models.Index(fields=["customer", "-id"], name="invoice_of_customer"),
            models.Index(
                fields=["id"],
                condition=Q(fee__gt=F("fee_earned")),
                name="invoice_fee_to_earn",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return ids.encode(INVOICE, self.id)


class ChargeState(models.TextChoices):
    CHARGING = "charging"
    PAID = "paid"
    FAILED = "failed"
    GIVEN_UP = "given_up"


class InvoiceCharge(models.Model):
    """One attempt at a payment: by a saved card, or with `url` on a page of the provider."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="charges")
    card = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, null=True, related_name="+")
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255, null=True)
    url = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=ChargeState, default=ChargeState.CHARGING)
    reason = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "charge of an invoice"
        verbose_name_plural = "charges of invoices"
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(state="charging", card__isnull=False),
                name="invoice_charge_one_in_flight",
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="paid"), name="invoice_charge_one_paid"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ChargeState.values), name="invoice_charge_state_known"
            ),
        ]
        indexes = [models.Index(fields=["provider_ref"], name="invoice_charge_ref")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return ids.encode(CHARGE, self.id)
