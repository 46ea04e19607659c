import logging
from collections.abc import Sequence
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.core.mail.utils import DNS_NAME
from django.db.models.functions import Now
from django.utils import timezone

from billing.models import Mail, MailState

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


def send_due(kinds: Sequence[str] | None = None) -> int:
    """Send what is due, of these kinds or of all, one after the other; how many were taken by the
    mail server."""
    sent = 0
    claimed = {"lease": LEASE, "kinds": None if kinds is None else list(kinds)}
    while mails := list(Mail.objects.raw(_CLAIM, claimed)):
        sent += sum(_send(mail) for mail in mails)
    return sent


def _send(mail: Mail) -> bool:
    try:
        _message(mail).send()
    except Exception as error:
        _put_off(mail, error)
        return False
    Mail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=Now(), error="")
    return True


def _message(mail: Mail) -> EmailMultiAlternatives:
    named = {"Message-ID": f"<mail-{mail.pk}@{DNS_NAME}>"}
    message = EmailMultiAlternatives(mail.subject, mail.text, to=mail.to, headers=named)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _put_off(mail: Mail, error: Exception) -> None:
    told = " ".join(f"{type(error).__name__}: {error}".split())
    logger.warning("Mail %s was not taken (attempt %s): %s", mail.pk, mail.attempts, told)
    if mail.attempts > len(PAUSES):
        Mail.objects.filter(pk=mail.pk).update(state=MailState.FAILED, error=told)
    else:
        due = timezone.now() + PAUSES[mail.attempts - 1]
        Mail.objects.filter(pk=mail.pk).update(due_at=due, error=told)
