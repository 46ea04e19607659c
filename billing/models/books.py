"""The books beside the ledger: what was estimated, what was recognised of it, and until when the
months are closed. Amounts are minor units of the cohort's currency."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Customer, User
from billing.models.policy import EscheatClass, Extension, Method


class Estimate(models.Model):
    """How much of a cohort is expected to break, as of a day: a version, never changed.

    A rate is of V; hazards are the curve of use by age in months (accounting rules, 2.5). What is
    expected follows from them and the figures of the day on which it is asked.
    """

    cohort = models.CharField(max_length=100)
    as_of = models.DateField()
    method = models.CharField(max_length=16, choices=Method)
    # The constrained rate; with hazards it caps what they say.
    rate = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    unconstrained_rate = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    hazards = models.JSONField(null=True)
    # Remote: what of the outstanding value nobody is expected to use any more (W).
    judged_remote = models.BigIntegerField(default=0)
    gate = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict)
    inputs_hash = models.CharField(max_length=64)
    # After a modification of the terms: where the figures stood then (E14, prospective).
    treatment = models.CharField(max_length=16, choices=Extension, default=Extension.CATCH_UP)
    base_c = models.BigIntegerField(null=True)
    base_a = models.BigIntegerField(null=True)
    base_n = models.BigIntegerField(null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        permissions = [("approve_estimate", "Can approve estimates")]
        indexes = [models.Index(fields=["cohort", "as_of", "id"], name="estimate_of_cohort")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__isnull=True) | Q(rate__gte=0, rate__lte=1),
                name="estimate_rate_is_a_part",
            ),
            models.CheckConstraint(
                condition=Q(judged_remote__gte=0), name="estimate_remote_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values, treatment__in=Extension.values),
                name="estimate_is_of_the_known",
            ),
        ]

    def __str__(self) -> str:
        return f"est_{self.pk}"


class BreakageRun(models.Model):
    """What the engine found of one cohort and posted: a row where it posted, or where a month was
    closed. The next one starts from here."""

    cohort = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    as_of = models.DateField()
    estimate = models.ForeignKey(Estimate, on_delete=models.PROTECT, null=True, related_name="runs")
    v = models.BigIntegerField()
    c = models.BigIntegerField()
    a = models.BigIntegerField()
    expected = models.DecimalField(max_digits=24, decimal_places=6)
    n = models.BigIntegerField()
    catch_up = models.BigIntegerField()
    current = models.BigIntegerField()
    expiry = models.BigIntegerField()
    over_redeemed = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["cohort", "as_of", "id"], name="breakage_run_of_cohort")]

    def __str__(self) -> str:
        return f"{self.cohort} {self.as_of}"

    @property
    def o(self) -> int:
        return self.v - self.c - self.a

    @property
    def posted(self) -> int:
        return self.catch_up + self.current + self.expiry


class PeriodState(models.TextChoices):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REOPENED = "reopened"


class Period(models.Model):
    """A month. One that has no row is open."""

    month = models.DateField(primary_key=True, help_text="Its first day.")
    state = models.CharField(max_length=16, choices=PeriodState, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = "month"
        permissions = [
            ("close_period", "Can close months"),
            ("reopen_period", "Can ask to reopen months, and decide what others ask"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="period_is_a_month"),
            models.CheckConstraint(
                condition=Q(state__in=PeriodState.values), name="period_state_known"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | ~Q(state="closed"),
                name="period_closed_has_an_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state="reopened") | ~Q(reason=""), name="period_reopened_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class CloseStep(models.Model):
    """One step of closing a month, as it was done: kept, also of closes that stopped."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=16)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    ok = models.BooleanField()
    told = models.TextField(help_text="What it did, in a line.")
    # Of tie-outs: each with its title, whether it ties, and the rows that break it.
    findings = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["period", "id"], name="close_step_of_period")]

    def __str__(self) -> str:
        return f"{self.period_id:%Y-%m} {self.name}"


class UnclaimedState(models.TextChoices):
    HELD = "held"
    REMITTED = "remitted"
    RETURNED = "returned"


class UnclaimedProperty(models.Model):
    """A line of the escheat register (E17): what the state may claim of a lot, on account 2300."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    lot_id = models.UUIDField()
    transaction_id = models.UUIDField(unique=True)
    escheat_class = models.ForeignKey(
        EscheatClass, on_delete=models.PROTECT, null=True, related_name="+"
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    credits = models.BigIntegerField()
    escheated_on = models.DateField()
    dormant_on = models.DateField(null=True, help_text="When it must be reported.")
    state = models.CharField(max_length=16, choices=UnclaimedState, default=UnclaimedState.HELD)
    settled_on = models.DateField(null=True)
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "unclaimed property"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, credits__gt=0), name="unclaimed_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(state__in=UnclaimedState.values), name="unclaimed_state_known"
            ),
            models.CheckConstraint(
                condition=Q(settled_on__isnull=True) | Q(settled_on__gte=F("escheated_on")),
                name="unclaimed_settled_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} of lot {self.lot_id}"


class Modification(models.Model):
    """A lot's expiry was changed (E14): evidence, and what asks for a new estimate."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    lot_id = models.UUIDField()
    cohort = models.CharField(max_length=100, blank=True)
    expires_before = models.DateTimeField(null=True)
    expires_after = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    # The estimate that took it into account.
    estimate = models.ForeignKey(Estimate, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["cohort"], condition=Q(estimate__isnull=True), name="modification_pending"
            )
        ]

    def __str__(self) -> str:
        return f"Expiry of lot {self.lot_id}"
