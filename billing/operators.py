"""Mails to those who run this installation, OPERATORS. Not Django's ADMINS, who would also be sent
every fault with its request."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from billing.models import BooksCheck, ProviderEvent

logger = logging.getLogger(__name__)

_REFUSED_TEXT = """\
The payment provider {event.provider} told of money that does not fit what was sold. Nothing was
entered. Somebody must look: the payer may have to get it back, at the provider.

Why:      {event.reason}
Event:    {event.event_id} ({event.kind})
About:    {event.object_ref}
Payment:  {event.payment_ref}

{page}
"""

_BROKEN_TEXT = """\
The books do not balance: {books_check.broken} of {books_check.checks} checks are broken.
Somebody must look.

{broken}

{page}
"""


def tell_of_refused(event: ProviderEvent) -> None:
    page = _link("admin:billing_providerevent_change", event.pk)
    _send(
        f"Refused: {event.kind} {event.event_id}",
        _REFUSED_TEXT.format(event=event, page=page),
        f"refused event {event.event_id}",
    )


def tell_of_broken(books_check: BooksCheck) -> None:
    broken = [finding for finding in books_check.findings if finding["broken"]]
    lines = [f"{one['name']}: {one['title']} ({one['broken']})" for one in broken]
    page = _link("admin:billing_bookscheck_change", books_check.pk)
    _send(
        f"The books do not balance: {books_check.broken} of {books_check.checks} checks",
        _BROKEN_TEXT.format(books_check=books_check, broken="\n".join(lines), page=page),
        f"broken books (check {books_check.pk})",
    )


def _link(name: str, pk: int) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=[pk])}"


def _send(subject: str, text: str, about: str) -> None:
    """Outside of any database transaction. That nobody could be told is in the log, and no more:
    what it is about stays where it is."""
    if not settings.OPERATORS:
        return
    try:
        send_mail(" ".join(f"[Drawdown] {subject}".split()), text, None, settings.OPERATORS)
    except Exception as error:
        logger.error("No operator was told of %s: %r", about, error)
