"""What billing does when people sign up: `ACCOUNT_ADAPTER` names it, and accounts knows no more."""

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts import adapter
from accounts.models import User
from billing import welcome


class Adapter(adapter.Adapter):
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        confirmed = super().confirm_email(request, email_address)
        if confirmed:
            welcome.grant_to(email_address.user)
        return confirmed

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Once more, where the process died between the confirmation and the grant."""
        super().login(request, user)
        if isinstance(user, User):
            welcome.grant_to(user)
