"""Mails to those who run this installation, OPERATORS. Not Django's ADMINS, who would also be sent
every fault with its request."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from billing.models import ProviderEvent

logger = logging.getLogger(__name__)

_TEXT = """\
The payment provider {event.provider} told of money that does not fit what was sold. Nothing was
entered. Somebody must look: the payer may have to get it back, at the provider.

Why:      {event.reason}
Event:    {event.event_id} ({event.kind})
About:    {event.object_ref}
Payment:  {event.payment_ref}

{page}
"""


def tell_of_refused(event: ProviderEvent) -> None:
    """Outside of any database transaction. That nobody could be told is in the log, and no more:
    the event is where it was."""
    if not settings.OPERATORS:
        return
    subject = f"[Drawdown] Refused: {event.kind} {event.event_id}"
    page = reverse("admin:billing_providerevent_change", args=[event.pk])
    text = _TEXT.format(event=event, page=settings.PUBLIC_URL.rstrip("/") + page)
    try:
        send_mail(" ".join(subject.split()), text, None, settings.OPERATORS)
    except Exception as error:
        logger.error("No operator was told of refused event %s: %r", event.event_id, error)
