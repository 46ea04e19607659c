"""Who of the staff may say what others may do, that somebody always can, and who is a second
person."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import AuditEntry, StaffRole, User

RESTS: Final = timedelta(hours=24)
# Whoever sets one of these for somebody else could act as that one.
ACCESS: Final = ["email", "password", "is_active", "is_staff", "is_superuser", "staff_role"]
LAST: Final = "This is the last administrator: make somebody else one first."


def is_administrator(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and (
        user.is_superuser or user.staff_role == StaffRole.ADMINISTRATOR
    )


def is_last_administrator(person: User) -> bool:
    """In a transaction: two who take each other away wait for each other here."""
    active = User.objects.filter(staff_role=StaffRole.ADMINISTRATOR, is_active=True)
    found = list(active.order_by("pk").select_for_update().values_list("pk", flat=True))
    return found == [person.pk]


def follow_role(person: User) -> None:
    """Staff are those who have a role, and no superuser has less than all. Not saved yet."""
    person.is_staff = bool(person.staff_role)
    if person.staff_role != StaffRole.ADMINISTRATOR:
        person.is_superuser = False


def why_not_second(person: User, asker: User, *, asked_at: datetime, now: datetime) -> str:
    """Why this person is no second one beside who asked, though another account; empty where they
    are. What somebody does to their own account counts for nothing."""
    if asker.pk == person.pk:
        return "Somebody else must decide: it was you who asked."
    if _given(person).filter(at__gt=now - RESTS).exists():
        return (
            "Somebody else gave your account its role, password, address or second factor within"
            " 24 hours: until then another person decides."
        )
    if _given(asker).filter(person=person, at__gt=asked_at - RESTS).exists():
        return "You changed the account of whoever asked: another person decides."
    return ""


def _given(person: User) -> QuerySet[AuditEntry]:
    """By others."""
    access = Q(before__has_any_keys=ACCESS) | Q(after__has_any_keys=ACCESS)
    found = AuditEntry.objects.filter(row=str(person.pk), person__isnull=False)
    found = found.filter(access | Q(action="second_factor.removed"), table=User._meta.db_table)
    return found.exclude(person=person)
