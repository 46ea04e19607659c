"""What would expire unused, if credits went on to be used as they were of late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import F

from ledger.models import Lot

# The first in the order of use.
LOTS_SEEN: Final = 500
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1) // _MICROSECOND


class Free(NamedTuple):
    """Micro-credits of a lot that can be used until then."""

    amount: int
    expires_at: datetime | None


def at_pace(customer_id: UUID, a_day: int, now: datetime) -> int:
    """Micro-credits that would expire unused at so many a day."""
    lots = Lot.objects.filter(customer_id=customer_id, open=True)
    lots = lots.annotate(free=F("remaining") - F("held") - F("frozen")).filter(free__gt=0)
    order = ("priority", F("expires_at").asc(nulls_last=True), "paid", "seq")
    found = lots.order_by(*order).values_list("free", "expires_at")[:LOTS_SEEN]
    return simulated([Free(*row) for row in found], a_day, now)


def simulated(lots: Sequence[Free], a_day: int, now: datetime) -> int:
    """From one expiry to the next: lots are used in their order until then, and what is left of
    those that end is lost."""
    left = [lot.amount for lot in lots]
    lost, since = 0, now
    ends = {lot.expires_at for lot in lots if lot.expires_at and lot.expires_at > now}
    for end in sorted(ends):
        to_use = a_day * ((end - since) // _MICROSECOND) // _DAY
        for place, lot in enumerate(lots):
            if lot.expires_at is not None and lot.expires_at < end:
                continue
            used = min(to_use, left[place])
            left[place] -= used
            to_use -= used
            if lot.expires_at == end:
                lost += left[place]
        since = end
    return lost
