"""Who there is: people, customers, the services that ask for debits, and their keys.

The fast path keeps keys and customers in memory and polls `changed_at`. Whatever it must hear of
(a new, revoked or suspended row) sets `changed_at` to the database's clock, which every service
here does.
"""

from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower, Now
from django.db.models.lookups import Exact
from django.utils import timezone

from accounts.ids import uuid7
from accounts.keys import KeyKind
from accounts.managers import InvitationManager, UserManager
from accounts.validators import check_metadata, check_network, check_time_zone

# The provider's own book, which holds what belongs to no single customer. Made by a migration.
HOUSE_ID = UUID("00000000-0000-7000-8000-000000000000")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. The e-mail is the name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="user_email_unique"),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return super().normalize_username(username).strip().lower()


class CustomerStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Customer(models.Model):
    """Who owns a wallet: a company that buys credits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(null=True, blank=True)
    external_id = models.CharField(
        max_length=200, null=True, blank=True, help_text="The provider's own id of this customer."
    )
    metadata = models.JSONField(default=dict, blank=True, validators=[check_metadata])
    status = models.CharField(
        max_length=16, choices=CustomerStatus, default=CustomerStatus.ACTIVE, editable=False
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[check_time_zone],
        help_text="Where its days and months begin, such as Europe/Berlin.",
    )
    # Whose test wallet this is. Nothing of it counts in the books: docs/keys.md.
    sandbox_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="sandbox"
    )
    # Its own keys spend nothing meanwhile: it owes something. Staff's suspension is the status.
    keys_suspended_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["changed_at"], name="customer_changed_at")]
        constraints = [
            models.UniqueConstraint(fields=["external_id"], name="customer_external_id_unique"),
            models.CheckConstraint(
                condition=Q(status__in=CustomerStatus.values), name="customer_status_known"
            ),
            models.CheckConstraint(
                condition=Q(sandbox_of=None) | ~Q(sandbox_of=F("id")),
                name="customer_is_not_its_own_sandbox",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner"
    BILLING = "billing"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Member(models.Model):
    """A person's place at a customer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="members")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "user"], name="member_once_per_customer"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"


class SignUp(models.Model):
    """That a person signed up, which terms were agreed to, and which company came of it.

    Without a customer where the person was invited to one. `welcomed_at` tells that the credits for
    new customers were granted.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="sign_up")
    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, null=True, related_name="sign_up"
    )
    terms = models.CharField(max_length=20)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    welcomed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(welcomed_at=None) | Q(customer__isnull=False),
                name="signup_welcomes_a_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"terms of {self.terms}"


class Invitation(models.Model):
    """A place at a customer for whoever has this address. Its link is mailed and never stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    digest = models.BinaryField(max_length=32)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[InvitationManager] = InvitationManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="invitation_digest_unique"),
            models.UniqueConstraint(
                fields=["customer", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once_per_address",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="invitation_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None),
                name="invitation_accepted_or_revoked",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.email}"

    def is_open(self) -> bool:
        """Neither accepted nor revoked, and in time."""
        ended = self.accepted_at or self.revoked_at
        return ended is None and self.expires_at > timezone.now()

    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()


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


class IdempotentReply(models.Model):
    """The answer to a write, given again when the write is sent again.

    What concerns no single customer stands under the house.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.BigIntegerField()
    status = models.SmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "service", "key"], name="idempotentreply_key_once"
            ),
            models.CheckConstraint(
                condition=Q(status__range=(200, 299)), name="idempotentreply_is_a_success"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
