"""Who of the staff may say what others may do, and that somebody always can."""

from typing import Final

from django.http import HttpRequest

from accounts.models import StaffRole, User

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
