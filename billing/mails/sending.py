import logging
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from time import monotonic
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from billing.mails import checking
from billing.models import Mail, MailState

RUN_SECONDS = 60
# Nobody else sends it meanwhile. A mail server that hangs is given up sooner (EMAIL_TIMEOUT).
LEASE = timedelta(minutes=2)
# After each failed attempt. Then it has failed.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))

_CLAIM = """
update billing_mail set due_at = statement_timestamp() + %(lease)s, attempts = attempts + 1
where id = (
    select id from billing_mail
    where state = 'due' and due_at <= statement_timestamp()
        and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
    order by due_at, id limit 1 for update skip locked
)
returning *
"""

logger = logging.getLogger(__name__)


def is_due() -> bool:
    return Mail.objects.filter(state=MailState.DUE, due_at__lte=Now()).exists()


def number_waiting() -> int:
    """Those that are owed, due now or to be tried again."""
    return Mail.objects.filter(state=MailState.DUE).count()


def send_due(kinds: Sequence[str] | None = None) -> int:
    """Send what is due, of these kinds or of all, one after the other; how many were taken by the
    mail server. Those that are left after RUN_SECONDS wait for the next time. Raises Unreachable
    when nobody answers: then too the others wait, for it costs one of them an attempt, not all.
    """
    sent, ends_at = 0, monotonic() + RUN_SECONDS
    claimed = {"lease": LEASE, "kinds": None if kinds is None else list(kinds)}
    while monotonic() < ends_at and (mails := list(Mail.objects.raw(_CLAIM, claimed))):
        (mail,) = mails
        try:
            is_sent = not _drop_outdated(mail)
            if is_sent:
                _send(mail)
        except Exception as error:
            _put_off(mail, error)
            if isinstance(error, Unreachable):
                raise
        else:
            sent += is_sent
    return sent


class Unreachable(Exception):
    """No mail server answers, it does not let us in, or it takes too long."""


def _drop_outdated(mail: Mail) -> bool:
    """Whether it was."""
    with transaction.atomic():
        is_outdated = checking.is_outdated(mail)
        if is_outdated:
            Mail.objects.filter(pk=mail.pk).update(state=MailState.OUTDATED)
    return is_outdated


def _send(mail: Mail) -> None:
    server = get_connection()
    try:
        server.open()
    except Exception as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    try:
        _hand_over(server, mail)
        Mail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=Now(), error="")
    finally:
        server.close()


def _hand_over(server: BaseEmailBackend, mail: Mail) -> None:
    try:
        server.send_messages([_message(mail)])
    except (TimeoutError, SMTPServerDisconnected) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


def _message(mail: Mail) -> EmailMultiAlternatives:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {
        # The same, whichever machine sends it.
        "Message-ID": f"<mail-{mail.pk}@{host}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834, 5: nobody's absence answers it.
    }
    message = EmailMultiAlternatives(mail.subject, mail.text, to=mail.to, headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _put_off(mail: Mail, error: Exception) -> None:
    name = "" if isinstance(error, Unreachable) else f"{type(error).__name__}: "
    told = " ".join(f"{name}{error}".split())
    logger.warning("Mail %s was not taken (attempt %s): %s", mail.pk, mail.attempts, told)
    # One that was taken has been sent, whatever the server says when it is left.
    waiting = Mail.objects.filter(pk=mail.pk, state=MailState.DUE)
    if mail.attempts > len(PAUSES):
        waiting.update(state=MailState.FAILED, error=told)
    else:
        waiting.update(due_at=timezone.now() + PAUSES[mail.attempts - 1], error=told)
