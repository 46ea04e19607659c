"""Events leave the outbox: each becomes rows of what is owed for it, in one database transaction.

Nobody outside is spoken to here; what is owed is delivered from its rows afterwards.
"""

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from django.db import transaction

from billing import alerts, caps, expiry_notices, webhooks_out
from billing.top_up import wishing
from ledger import outbox
from ledger.outbox import Event

CUSTOMERS_AT_ONCE = 100
EVENTS_AT_ONCE = 500
RUN_SECONDS = 60

# Each is told of all events, in the order in which they happened to a customer. It writes rows and
# is quick; what it raises puts the customer's events off.
Taker = Callable[[Sequence[Event]], None]
TAKERS: tuple[Taker, ...] = (
    alerts.take,
    caps.take,
    expiry_notices.take,
    wishing.take,
    webhooks_out.take,
)

logger = logging.getLogger(__name__)


def relay(takers: Sequence[Taker] = TAKERS) -> int:
    """Hand on what waits, for RUN_SECONDS at most; how many events that were. An event that cannot
    be handed on holds up its own customer only, and is tried again later."""
    handed_on, together, ends_at = 0, CUSTOMERS_AT_ONCE, monotonic() + RUN_SECONDS
    while monotonic() < ends_at:
        with transaction.atomic():
            events = outbox.claim(customers=together, events=EVENTS_AT_ONCE)
            refused = not _taken(events, takers)
            if refused:
                transaction.set_rollback(True)
        if not events:
            break
        if not refused:
            handed_on += len(events)
        elif together > 1:
            together = 1
        else:
            outbox.put_off([events[0].customer_id])
            together = CUSTOMERS_AT_ONCE
    return handed_on


def _taken(events: Sequence[Event], takers: Sequence[Taker]) -> bool:
    try:
        for take in takers:
            take(events)
    except Exception:
        logger.exception("Events of %s are put off", {event.customer_id for event in events})
        return False
    return True
