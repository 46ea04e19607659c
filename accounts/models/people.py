"""Those who sign in: customers' people and staff."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from accounts.ids import uuid7
from accounts.managers import UserManager


class StaffRole(models.TextChoices):
    """What somebody of the staff may see and do: config/staff_roles.py says it for each."""

    SUPPORT = "support"
    FINANCE = "finance"
    OPERATIONS = "operations"
    AUDITOR = "auditor", "Auditor: sees everything, changes nothing"
    ADMINISTRATOR = "administrator"


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. The e-mail is the name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    staff_role = models.CharField(max_length=16, choices=StaffRole, null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(staff_role=None) | Q(staff_role__in=StaffRole.values),
                name="user_staff_role_is_known",
            ),
            models.CheckConstraint(
                condition=Q(staff_role=None) | Q(is_staff=True), name="user_role_is_for_staff"
            ),
            # A superuser may do everything, whatever else the role would say.
            models.CheckConstraint(
                condition=Q(is_superuser=False)
                | Q(staff_role=None)
                | Q(staff_role=StaffRole.ADMINISTRATOR),
                name="user_superuser_is_administrator",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return super().normalize_username(username).strip().lower()
