"""The core's tables as Django reads them.

Their rows are written by the functions in `sql/` only. Their keys start with `customer_id`;
Django, whose foreign keys and admin take one column, is told that `id` alone is the key.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts import ids
from accounts.models import Customer
from ledger.ids import LOT, TRANSACTION, ReservationId


class CoreModel(models.Model):
    """A table or view of the core: read, never saved."""

    class Meta:
        abstract = True
        managed = False


def of_customer() -> "models.ForeignKey[Customer, Customer]":
    return models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )


class Wallet(CoreModel):
    """What a customer has now, in micro-credits. Read it through `selectors.balance`, which lets
    expire what is due."""

    customer = models.OneToOneField(
        Customer,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="wallet",
    )
    balance = models.BigIntegerField()
    held = models.BigIntegerField()
    frozen = models.BigIntegerField()
    credit_limit = models.BigIntegerField()
    debt = models.BigIntegerField()
    version = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)

    class Meta(CoreModel.Meta):
        db_table = "ledger_wallet"

    @property
    def available(self) -> int:
        return self.balance - self.held - self.frozen

    def __str__(self) -> str:
        return f"Wallet of {ids.encode(ids.CUSTOMER, self.customer_id)}"


class LotKind(models.TextChoices):
    PAID = "paid"
    BONUS = "bonus"
    PROMO = "promo"
    GOODWILL = "goodwill"
    ADJUSTMENT = "adjustment"


class Lot(CoreModel):
    """Credits that were issued together. `price` and `tax` are minor units of `currency`."""

    id = models.UUIDField(primary_key=True)
    customer = of_customer()
    seq = models.IntegerField()
    kind = models.TextField(choices=LotKind)
    priority = models.SmallIntegerField()
    paid = models.BooleanField()
    units = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField()
    frozen = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True)
    currency = models.TextField(null=True)
    price = models.BigIntegerField()
    tax = models.BigIntegerField()
    cohort = models.TextField(null=True)
    refundable_until = models.DateTimeField(null=True)
    escheat_class = models.TextField(null=True)
    document = models.TextField(null=True)
    reason = models.TextField(null=True)
    issued_at = models.DateTimeField()
    open = models.BooleanField()
    noticed_at = models.DateTimeField(null=True)  # its owner was told that it ends

    class Meta(CoreModel.Meta):
        db_table = "ledger_lot_state"

    def __str__(self) -> str:
        return ids.encode(LOT, self.id)


class Transfer(CoreModel):
    """One movement with both its sides. Append-only."""

    id = models.UUIDField(primary_key=True)
    customer = of_customer()
    transaction_id = models.UUIDField()
    version = models.BigIntegerField()
    unit = models.TextField()
    debit = models.TextField()
    credit = models.TextField()
    amount = models.BigIntegerField()
    lot_id = models.UUIDField(null=True)
    kind = models.TextField()
    reservation_id = models.UUIDField(null=True)
    document = models.TextField(null=True)
    cohort = models.TextField(null=True)
    reverses = models.UUIDField(null=True)
    actor = models.TextField(null=True)
    reason = models.TextField(null=True)
    posted_at = models.DateTimeField()
    effective_at = models.DateTimeField(null=True)
    balance_after = models.BigIntegerField()
    posted_on = models.DateField(null=True)  # the day that it counts for, where it is another

    class Meta(CoreModel.Meta):
        db_table = "ledger_transfer"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Transaction(Transfer):
    """Transfers with one id, of which the first has it as its own: that row stands for all."""

    class Meta:
        proxy = True
        managed = False

    def __str__(self) -> str:
        return ids.encode(TRANSACTION, self.transaction_id)


class ReservationState(models.TextChoices):
    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"
    REVERSED = "reversed"


class Reservation(CoreModel):
    """A hold, open or ended."""

    id = models.UUIDField(primary_key=True)
    customer = of_customer()
    state = models.TextField(choices=ReservationState)
    amount = models.BigIntegerField()
    committed = models.BigIntegerField()
    uncollected = models.BigIntegerField()
    reversed = models.BigIntegerField()
    lots = ArrayField(models.UUIDField(null=True))
    split = ArrayField(models.BigIntegerField())
    used = ArrayField(models.BigIntegerField())
    created_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    overrun = models.TextField()
    outcome = models.TextField(null=True)
    price_id = models.IntegerField(null=True)
    quantities = models.JSONField(null=True)
    used_quantities = models.JSONField(null=True)
    transaction_id = models.UUIDField(null=True)
    service_id = models.IntegerField(null=True)
    api_key_id = models.UUIDField(null=True)
    request_id = models.TextField(null=True)
    ended_request_id = models.TextField(null=True)
    address = models.GenericIPAddressField(null=True)
    metadata = models.JSONField(null=True)
    happened_at = models.DateTimeField(null=True)  # of work that was reported after it was done
    calls = models.BigIntegerField()  # that it stands for; 0: a lease, whose calls have their own

    class Meta(CoreModel.Meta):
        db_table = "ledger_reservation"

    def __str__(self) -> str:
        return str(ReservationId(self.customer_id, self.id, self.price_id or 0))


class Threshold(CoreModel):
    """A balance that is told of, once when it is reached and once when it is left behind again."""

    id = models.UUIDField(primary_key=True)
    customer = of_customer()
    purpose = models.TextField()  # alert, top_up or dry
    basis = models.TextField()  # credits, percent or days
    value = models.BigIntegerField()
    level = models.BigIntegerField(null=True)
    recovers_at = models.BigIntegerField(null=True)
    cool_down = models.DurationField()
    crossed = models.BooleanField()
    told = models.BooleanField()
    told_at = models.DateTimeField(null=True)

    class Meta(CoreModel.Meta):
        db_table = "ledger_threshold"

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class Event(CoreModel):
    """Something for the outside to be told, written by the operation that caused it."""

    id = models.UUIDField(primary_key=True)
    customer = of_customer()
    kind = models.TextField()
    subject = models.TextField(null=True)
    data = models.JSONField(null=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta(CoreModel.Meta):
        db_table = "ledger_event"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
