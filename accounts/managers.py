from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db.models import Manager, QuerySet

if TYPE_CHECKING:
    from accounts.models import Invitation, User


class UserManager(BaseUserManager["User"]):
    """People are found and stored by their e-mail in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new person; without a password, one who cannot sign in by password."""
        user = self.model(email=self.model.normalize_username(email), **fields)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Whoever makes one answers for the address: there is nobody to confirm it to."""
        fields = {"is_staff": True, "is_superuser": True, "staff_role": "administrator", **fields}
        user = self.create_user(email, password, **fields)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.model.normalize_username(username or ""))


class InvitationManager(Manager["Invitation"]):
    def open(self) -> "QuerySet[Invitation]":
        """Neither accepted nor revoked; some may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)
