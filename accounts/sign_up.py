"""Signing up: a person, and the company of that person or the one that invited it."""

from typing import Final

from django.http import HttpRequest

from accounts import members, selectors, services, terms
from accounts.models import Invitation, Role, SignUp, User

# Of the session: the token of the invitation that was opened last.
INVITATION: Final = "invitation"


def found_company(user: User, *, name: str) -> SignUp:
    """The person becomes the owner of a new company."""
    customer = services.create_customer(name=name, email=user.email)
    services.add_member(customer=customer, user=user, role=Role.OWNER)
    return SignUp.objects.create(user=user, customer=customer, terms=terms.VERSION)


def join_company(user: User, invitation: Invitation) -> SignUp:
    """Raises InvitationRefused."""
    members.accept_invitation(invitation, user=user)
    return SignUp.objects.create(user=user, terms=terms.VERSION)


def opened_invitation(request: HttpRequest) -> Invitation | None:
    """The invitation whose link was opened in this session, while it can be accepted."""
    return selectors.open_invitation(request.session.get(INVITATION, ""))
