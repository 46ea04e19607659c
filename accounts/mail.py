"""Mails that accounts sends by itself. None is sent inside a database transaction."""

from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import Invitation


def send_invitation(invitation: Invitation, *, link: str) -> None:
    """Raises OSError when no mail server takes it."""
    told = {"invitation": invitation, "link": link}
    subject = render_to_string("accounts/emails/invitation.subject.txt", told)
    body = render_to_string("accounts/emails/invitation.txt", told)
    send_mail(" ".join(subject.split()), body, None, [invitation.email])
