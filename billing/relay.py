"""Events leave the outbox: each becomes rows of what is owed for it, in one database transaction.

Nobody outside is spoken to here; what is owed is delivered from its rows afterwards.
"""

import logging
from collections.abc import Callable, Sequence

from django.db import transaction

from ledger import outbox
from ledger.outbox import Event

CUSTOMERS_AT_ONCE = 100
EVENTS_AT_ONCE = 500

# Each is told of all events, in the order in which they happened to a customer. It writes rows and
# is quick; what it raises puts the customer's events off.
Taker = Callable[[Sequence[Event]], None]
TAKERS: tuple[Taker, ...] = ()

logger = logging.getLogger(__name__)


def relay() -> int:
    """Hand on all that waits; how many events that were."""
    handed_on = 0
    while taken := _some() or _one_by_one():
        handed_on += taken
    return handed_on


def _some() -> int:
    try:
        return _hand_on(CUSTOMERS_AT_ONCE)
    except Exception:
        logger.exception("Events of several customers could not be handed on together")
        return 0


def _one_by_one() -> int:
    """So that an event that cannot be handed on holds up its own customer only."""
    handed_on = 0
    while True:
        customer: list[Event] = []
        try:
            taken = _hand_on(1, customer)
        except Exception:
            if not customer:
                raise
            logger.exception("Events of %s are put off", customer[0].customer_id)
            outbox.put_off([customer[0].customer_id])
            continue
        if not taken:
            return handed_on
        handed_on += taken


def _hand_on(customers: int, claimed: list[Event] | None = None) -> int:
    with transaction.atomic():
        events = outbox.claim(customers=customers, events=EVENTS_AT_ONCE)
        if claimed is not None:
            claimed.extend(events)
        if events:
            for take in TAKERS:
                take(events)
    return len(events)
