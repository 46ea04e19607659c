"""Answers `user.has_perm` by the role of whoever asks: no permission is a row of its own."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied

from accounts.models import StaffRole, User
from config.staff_roles import HELD

# What acts were part of before they had names: groups grant them by that.
FORMERLY: Final = {
    "accounts.suspend_customer": "accounts.change_customer",
    "accounts.revoke_key": "accounts.change_apikey",
    "ledger.change_limits": "accounts.change_customer",
}
_GROUPS: Final = ModelBackend()


class RoleBackend(ModelBackend):
    """Signs nobody in. Groups that somebody is in grant what they did before there were roles, but
    not to an auditor: this comes first, and refuses for those after it."""

    def authenticate(self, request: Any, *args: Any, **credentials: Any) -> None:
        return None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        role = _role(user_obj)
        return set(HELD[role]) if role and obj is None else set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_user_permissions(user_obj, obj)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Raises PermissionDenied."""
        role = _role(user_obj)
        if role is not None and obj is None and perm in HELD[role]:
            return True
        if role == StaffRole.AUDITOR:
            raise PermissionDenied
        formerly = FORMERLY.get(perm)
        return role is None and formerly is not None and _GROUPS.has_perm(user_obj, formerly, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))


def _role(user: Any) -> StaffRole | None:
    if not isinstance(user, User) or not (user.is_active and user.is_staff and user.staff_role):
        return None
    return StaffRole(user.staff_role)
