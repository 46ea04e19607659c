import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from billing.models import ExpiryNotice
from ledger import selectors
from ledger.models import Lot
from ledger.outbox import Event

# What is older was brought along from elsewhere, or waited for long: nobody can mend it.
RECENT: Final = timedelta(days=1)

logger = logging.getLogger(__name__)


def take(events: Sequence[Event]) -> None:
    """Of what has expired nobody is told any more; that nobody was before is in the log."""
    since = selectors.now() - RECENT
    expired = {
        UUID(event.subject)
        for event in events
        if event.kind == "lot.expired" and event.subject and event.created_at > since
    }
    if not expired:
        return
    told = ExpiryNotice.objects.filter(
        customer__in={event.customer_id for event in events}, lot_id__in=expired
    )
    of_plans = Lot.objects.filter(
        customer__in={event.customer_id for event in events},
        id__in=expired,
        document__startswith="sub_",
    )
    expired -= set(of_plans.values_list("id", flat=True))
    for lot_id in expired - set(told.values_list("lot_id", flat=True)):
        logger.warning("Lot %s expired, and no notice of it had been written", lot_id)
