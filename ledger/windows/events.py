"""What the outside was told, or is to be."""

from typing import Final

from ledger.models import Event
from ledger.windows.filters import Filters, in_period, within
from ledger.windows.pieces import Source
from ledger.windows.sums import Window

TIME: Final = "created_at"


def source(filters: Filters) -> Source:
    every = within(Event.objects.all(), filters)
    wanted = in_period(every, filters, TIME)
    if filters.kind:
        wanted = wanted.filter(kind=filters.kind)
    if filters.lot_id is not None:
        wanted = wanted.filter(subject=str(filters.lot_id))
    return Source(every, wanted, TIME)


EVENTS: Final = Window(source, groups=("kind",))
