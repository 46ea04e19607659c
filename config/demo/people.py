"""The sign-ins of the demo company."""

import secrets
from typing import TypedDict

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts import services
from accounts.models import StaffRole, User

# 72 bits of chance need no slow hash, and eleven of those would take ten seconds. Django replaces
# it with one of its own at the first sign-in.
ITERATIONS = 1_000


class Person(TypedDict):
    email: str
    password: str


def person(email: str, *, role: StaffRole | None = None) -> Person:
    """With a new password in any case: nobody knows the old one where the file was lost."""
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(email=email).first() or services.create_user(email=email)
    user.staff_role, user.is_staff = role, role is not None
    user.is_superuser = role == StaffRole.ADMINISTRATOR
    hasher = PBKDF2PasswordHasher()
    user.password = hasher.encode(password, hasher.salt(), ITERATIONS)
    user.save()
    return Person(email=email, password=password)
