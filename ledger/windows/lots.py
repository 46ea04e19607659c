"""Lots, as they are now."""

from typing import Final

from ledger.models import Lot
from ledger.windows.filters import Filters, in_period, within
from ledger.windows.pieces import Source
from ledger.windows.sums import Window

TIME: Final = "issued_at"


def source(filters: Filters) -> Source:
    every = within(Lot.objects.all(), filters)
    if filters.lot_id is not None:
        every = every.filter(id=filters.lot_id)
    wanted = in_period(every, filters, TIME)
    if filters.kind:
        wanted = wanted.filter(kind=filters.kind)
    if filters.is_open is not None:
        wanted = wanted.filter(open=filters.is_open)
    return Source(every, wanted, TIME)


LOTS: Final = Window(
    source, groups=("kind", "currency"), sums=("units", "remaining", "held", "frozen", "price")
)
