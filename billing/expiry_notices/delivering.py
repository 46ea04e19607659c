"""What the mail server has taken is noted beside the notice, and in the ledger beside the lot."""

from django.db import transaction

from billing.models import ExpiryNotice, MailState
from ledger import services, wallets
from ledger.models import Lot


def note_delivered() -> int:
    """How many notices that were."""
    noted = 0
    while _note_one():
        noted += 1
    return noted


def _note_one() -> bool:
    waiting = ExpiryNotice.objects.filter(delivered_at=None, mail__state=MailState.SENT)
    with transaction.atomic():
        notice = (
            waiting.select_related("mail")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("id")
            .first()
        )
        if notice is None or notice.mail is None:
            return False
        notice.delivered_at = notice.mail.sent_at
        notice.save(update_fields=["delivered_at"])
        _note_in_ledger(notice)
    return True


def _note_in_ledger(notice: ExpiryNotice) -> None:
    """A lot that has another expiry by now was told of the wrong one."""
    # Locks the wallet: from here on nobody gives the lot another date.
    services.refresh(notice.customer_id)
    lot = Lot.objects.filter(
        customer_id=notice.customer_id, id=notice.lot_id, expires_at=notice.expires_at
    )
    if lot.exists():
        wallets.notice(notice.customer_id, lot_id=notice.lot_id)
