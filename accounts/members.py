"""Who belongs to a company: invitations, roles and removal.

A company always has an owner. Who changes that locks the company's row first, so that two owners
cannot both leave at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_urlsafe
from typing import Final, NamedTuple

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import selectors
from accounts.errors import InvitationRefused, LastOwner, MemberAlready
from accounts.models import Customer, Invitation, Member, Role, User

INVITATION_LASTS: Final = timedelta(days=7)


class NewInvitation(NamedTuple):
    """`token` goes into the mailed link and is kept nowhere."""

    invitation: Invitation
    token: str


def invite(*, customer: Customer, email: str, role: Role, by: User) -> NewInvitation:
    """An invitation in place of an open one to the same address. Raises MemberAlready."""
    email, token = User.normalize_username(email), token_urlsafe(32)
    with _locked(customer):
        if Member.objects.filter(customer=customer, user__email=email).exists():
            raise MemberAlready
        Invitation.objects.open().filter(customer=customer, email=email).update(
            revoked_at=timezone.now()
        )
        invitation = Invitation.objects.create(
            customer=customer,
            email=email,
            role=role,
            invited_by=by,
            digest=selectors.key_digest(token),
            expires_at=timezone.now() + INVITATION_LASTS,
        )
    return NewInvitation(invitation, token)


def revoke_invitation(invitation: Invitation) -> None:
    """Does nothing to one that was accepted or revoked before."""
    Invitation.objects.open().filter(id=invitation.id).update(revoked_at=timezone.now())


def accept_invitation(invitation: Invitation, *, user: User) -> Member:
    """Raises InvitationRefused: only the invited address may, once, and in time."""
    with _locked(invitation.customer):
        invitation.refresh_from_db()
        if not invitation.is_open() or not _has_address(user, invitation.email):
            raise InvitationRefused
        member, _ = Member.objects.get_or_create(
            customer=invitation.customer, user=user, defaults={"role": invitation.role}
        )
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return member


def change_role(member: Member, *, role: Role) -> None:
    """Raises LastOwner."""
    with _locked(member.customer):
        if role != Role.OWNER:
            _keep_an_owner(member)
        Member.objects.filter(id=member.id).update(role=role)
    member.role = role


def remove_member(member: Member) -> None:
    """Raises LastOwner. What the person did stays under the person's name."""
    with _locked(member.customer):
        _keep_an_owner(member)
        Member.objects.filter(id=member.id).delete()


@contextmanager
def _locked(customer: Customer) -> Iterator[None]:
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(id=customer.id)
        yield


def _keep_an_owner(member: Member) -> None:
    others = Member.objects.filter(
        customer_id=member.customer_id, role=Role.OWNER, user__is_active=True
    ).exclude(id=member.id)
    was_owner = Member.objects.filter(id=member.id, role=Role.OWNER).exists()
    if was_owner and not others.exists():
        raise LastOwner


def _has_address(user: User, email: str) -> bool:
    return EmailAddress.objects.filter(user=user, email=email, verified=True).exists()
