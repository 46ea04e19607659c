"""People at the portal: each with a browser of its own."""

import re
from typing import Any

from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Member, User
from tests.factories.accounts import UserFactory

PASSWORD = "correct horse battery"


def person(**fields: Any) -> User:
    """Somebody who can sign in by password."""
    return UserFactory(password=PASSWORD, **fields)


def browser_of(user: User | Member) -> Client:
    """Signed in already."""
    client = Client()
    client.force_login(user.user if isinstance(user, Member) else user)
    return client


def sign_in(email: str, password: str = PASSWORD, *, client: Client, **headers: str) -> Any:
    told = {"login": email, "password": password}
    return client.post(reverse("account_login"), told, headers=headers)


def confirm_password(client: Client, password: str = PASSWORD) -> HttpResponse:
    """As allauth asks before what protects the account is changed."""
    return client.post(reverse("account_reauthenticate"), {"password": password})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def link_in(message: EmailMessage) -> str:
    found = re.search(r"http://testserver(/\S+)", str(message.body))
    assert found is not None
    return found[1]


def said(response: HttpResponse) -> list[str]:
    """The messages that the next page shows."""
    return [str(message) for message in response.context["messages"]]
