from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Service(models.Model):
    name = models.CharField(max_length=100)
    key_digest = models.CharField(max_length=64, unique=True)

    is_authenticated: ClassVar[bool] = True


class Wallet(models.Model):
    customer = models.UUIDField(primary_key=True)
    balance = models.DecimalField(max_digits=18, decimal_places=6)
    held = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=F("held")), name="wallet_covers_holds")
        ]

    @property
    def available(self):
        return self.balance - self.held


class Status(models.TextChoices):
    HELD = "held"
    COMMITTED = "committed"


class Reservation(models.Model):
    id = models.UUIDField(primary_key=True)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT)
    endpoint = models.CharField(max_length=100)
    status = models.CharField(max_length=16, choices=Status, default=Status.HELD)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    committed = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()


class Entry(models.Model):
    """What a commit took, as the customer sees it."""

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT)
    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    created_at = models.DateTimeField(auto_now_add=True)


class IdempotencyKey(models.Model):
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    key = models.CharField(max_length=255)
    status = models.SmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "key"], name="idempotency_key_once")
        ]
