"""A mail is sent once more: to whom it went, with the words that it had."""

from uuid import UUID

from django.db import IntegrityError, transaction

from billing.models import Mail
from ledger import outbox

KIND = "resent"


def resend(mail: Mail, token: UUID) -> Mail | None:
    """Another mail, which is due at once; None where this was asked for before. What it tells may
    be over: nobody looks at that again."""
    again = Mail(
        customer_id=mail.customer_id,
        kind=KIND,
        about=f"{mail.pk} {token}",
        to=mail.to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
    )
    try:
        with transaction.atomic():
            again.save(force_insert=True)
    except IntegrityError:
        return None
    outbox.wake_after_commit()
    return again


def number_of(mail: Mail) -> int:
    """How often it was sent once more."""
    return Mail.objects.filter(kind=KIND, about__startswith=f"{mail.pk} ").count()
