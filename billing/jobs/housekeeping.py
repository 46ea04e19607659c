"""What is remembered for a time only is forgotten in batches, each a database transaction of its
own, so that nobody waits long for one and a run may end anywhere."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now

from accounts import idempotency
from billing.models import Mail, MailState
from ledger import answer_counts
from ledger import housekeeping as ledger

BATCH = 1000
# At least two months, whichever day it is.
PARTITIONS_AHEAD = timedelta(days=93)
# A mail's text is the customer's; that it was sent, and when, stays.
MAILS_KEPT_FOR = timedelta(days=90)


def make_partitions() -> int:
    return ledger.make_partitions(PARTITIONS_AHEAD)


def forget_replies() -> str:
    """What is answered again to a write that is sent again."""
    replies = _in_batches(lambda: idempotency.forget(at_most=BATCH))
    keys = _in_batches(lambda: ledger.forget_keys(idempotency.REMEMBERED_FOR, at_most=BATCH))
    return f"{replies} replies, {keys} keys"


def forget_answer_counts() -> int:
    return _in_batches(lambda: answer_counts.forget(at_most=BATCH))


def forget_mail_bodies() -> int:
    return _in_batches(_some_mail_bodies)


def _some_mail_bodies() -> int:
    old = Mail.objects.filter(created_at__lt=Now() - MAILS_KEPT_FOR)
    whole = old.exclude(state=MailState.DUE).exclude(text="").order_by("pk")
    some = Mail.objects.filter(pk__in=whole.values("pk")[:BATCH])
    return some.update(text="", html="")


def _in_batches(forget: Callable[[], int]) -> int:
    forgotten = 0
    while some := forget():
        forgotten += some
    return forgotten
