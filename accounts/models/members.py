"""Which people belong to a customer, and how they came to it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.ids import uuid7
from accounts.managers import InvitationManager
from accounts.models.customers import Customer
from accounts.models.people import User


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
