"""What opens the API: to the provider's services, and to customers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact
from django.utils import timezone

from accounts.ids import uuid7
from accounts.keys import KeyKind
from accounts.models.customers import Customer
from accounts.validators import check_network


class Service(models.Model):
    """One of the provider's backends. Its idempotency keys are its own."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="service_name_unique")]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    DEBITS_WRITE = "debits:write"
    DEBITS_AMOUNT = "debits:amount"
    DEBITS_REVERSE = "debits:reverse"
    READ = "read"
    ADMIN = "admin"


class Key(models.Model):
    """What the two kinds of key share. The key itself is shown once and never stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["changed_at"], name="%(class)s_changed_at")]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="%(class)s_digest_unique"),
            models.CheckConstraint(
                condition=Exact(Length("digest"), 32), name="%(class)s_digest_is_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'key'} ({self.prefix}…)"


class ServiceKey(Key):
    """Opens the debit API to a service, as far as its scopes go."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="keys")
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope))

    class Meta(Key.Meta):
        constraints = [
            *Key.Meta.constraints,
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values), name="servicekey_scopes_known"
            ),
        ]


class ApiKey(Key):
    """What an end customer presents to the provider, and reads its own account with."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="api_keys")
    # Codes of the only endpoints that it pays for; null is all of them.
    endpoints = ArrayField(models.CharField(max_length=100), null=True, blank=True)
    # Where the only calls come from that it pays for; none is anywhere.
    networks = ArrayField(
        models.CharField(max_length=43, validators=[check_network]), default=list, blank=True
    )
    # A secret that this key had before: it works on until its own expiry, so that its user has time
    # to change over, and what it pays for is the key's.
    replaced_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="replaces"
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Staff did it, or a service of the provider: the customer's own people do not undo it.
    suspended_by_provider = models.BooleanField(default=False, db_default=False, editable=False)
    # Those people did, too: when the provider resumes it, it stays suspended.
    suspended_by_both = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta(Key.Meta):
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        indexes = [
            *Key.Meta.indexes,
            models.Index(
                fields=["prefix"], opclasses=["varchar_pattern_ops"], name="apikey_prefix"
            ),
        ]
        constraints = [
            *Key.Meta.constraints,
            models.CheckConstraint(
                condition=Q(suspended_by_provider=False) | Q(suspended_at__isnull=False),
                name="apikey_suspended_by_provider_is_suspended",
            ),
            models.CheckConstraint(
                condition=Q(suspended_by_both=False) | Q(suspended_by_provider=True),
                name="apikey_suspended_by_both_is_by_provider",
            ),
        ]

    def is_test(self) -> bool:
        return self.prefix.startswith(KeyKind.TEST)

    def has_ended(self) -> bool:
        """Nothing of it changes any more."""
        has_expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is not None or has_expired


class KeyAddress(models.Model):
    """That a key was used from an address in an hour; of so many at most, and for some days."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.DateTimeField()
    address = models.GenericIPAddressField()

    class Meta:
        indexes = [models.Index(fields=["hour"], name="keyaddress_hour")]
        constraints = [
            models.UniqueConstraint(fields=["key", "hour", "address"], name="keyaddress_once")
        ]

    def __str__(self) -> str:
        return f"{self.address} at {self.hour}"


class KeyNotice(models.Model):
    """That a key was used from unusually many addresses in an hour: told once a day."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="notices")
    day = models.DateField()
    hour = models.DateTimeField()
    addresses = models.IntegerField()
    usual = models.IntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "day"], name="keynotice_once_a_day")]

    def __str__(self) -> str:
        return f"{self.addresses} addresses at {self.hour}"
