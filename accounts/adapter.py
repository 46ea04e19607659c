"""What allauth asks us about."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse

from accounts import selectors
from accounts.acting import recognise
from accounts.models import User


class Adapter(DefaultAccountAdapter):
    # As long as `login_failed` of ACCOUNT_RATE_LIMITS counts the tries for one account.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "Too many failed login attempts. Try again in five minutes.",
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff who belong to no company have nothing at the portal."""
        user = request.user
        if isinstance(user, User) and user.is_staff and not selectors.memberships_of(user):
            return reverse("admin:index")
        return str(super().get_login_redirect_url(request))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """What this request changes from here on is this person's doing."""
        super().login(request, user)
        recognise()

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted for an account, by whatever host name it was tried."""
        return str(credentials.get("email", "")).lower()
