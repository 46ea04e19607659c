import logging
from collections.abc import Sequence
from uuid import UUID

from billing.models import ExpiryNotice
from ledger.outbox import Event

logger = logging.getLogger(__name__)


def take(events: Sequence[Event]) -> None:
    """Of what has expired nobody is told any more; that nobody was before is in the log."""
    expired = {
        UUID(event.subject) for event in events if event.kind == "lot.expired" and event.subject
    }
    if not expired:
        return
    told = ExpiryNotice.objects.filter(
        customer__in={event.customer_id for event in events}, lot_id__in=expired
    )
    for lot_id in expired - set(told.values_list("lot_id", flat=True)):
        logger.warning("Lot %s expired, and no notice of it had been written", lot_id)
