"""Going through a customer's calls, the last made first, a piece at a time.

No index knows a call's endpoint, outcome or request id: one would cost the debit path. So a piece
is so much of the history as can be looked at in a moment, whether or not anything in it is like
what is looked for, and says where the next one begins.
"""

from datetime import datetime
from itertools import chain, repeat
from time import monotonic
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from ledger import periods, reservations, selectors
from ledger.call_log import Filters, LoggedCall, applying, logged
from ledger.models import Reservation, ReservationState

BUDGET_SECONDS: Final = 0.08
# The first ones are small: most pages need no more.
_PIECES: Final = (200, 2_000)
_PIECE: Final = 8_000


class Stretch(NamedTuple):
    """`below`: where the next one begins, and when the last call was made that was looked at; None
    where there are no more. `is_full`: as many were found as were asked for."""

    calls: list[LoggedCall]
    below: UUID | None = None
    looked_back_to: datetime | None = None
    is_full: bool = False


def stretch(
    customer_id: UUID,
    filters: Filters,
    *,
    below: UUID | None,
    limit: int,
) -> Stretch:
    """At most `limit` calls with ids under `below`, from as much as can be looked at in a
    moment. Raises NotFound, for another customer's key."""
    instant, deadline = selectors.now(customer_id), monotonic() + BUDGET_SECONDS
    all_calls = Reservation.objects.filter(customer_id=customer_id).order_by("-id")
    if ids := periods.ids_of(filters.period, customer_id):
        all_calls = all_calls.filter(id__gte=ids.lowest, id__lt=ids.above)
    wanted = all_calls.filter(applying(customer_id, filters))
    if filters.state is not None:
        wanted = reservations.in_state(wanted, filters.state, instant)
    found: list[Reservation] = []
    for length in chain(_PIECES, repeat(_PIECE)):
        # Open holds are few, and stand in a table of their own.
        is_small = filters.state is ReservationState.HELD
        end = None if is_small else _end_of_piece(all_calls, below, length)
        piece = wanted if below is None else wanted.filter(id__lt=below)
        piece = piece if end is None else piece.filter(id__gte=end)
        found += piece[: limit + 1 - len(found)]
        if len(found) > limit:
            last = found[limit - 1]
            return Stretch(logged(found[:limit], instant), last.id, last.created_at, True)
        if end is None:
            return Stretch(logged(found, instant))
        below = end
        if monotonic() > deadline:
            break
    assert below is not None
    reached = all_calls.filter(id=below).values_list("created_at", flat=True)
    return Stretch(logged(found, instant), below, reached[0])


def _end_of_piece(calls: QuerySet[Reservation], below: UUID | None, length: int) -> UUID | None:
    """The id of its last call; None where fewer are left."""
    if below is not None:
        calls = calls.filter(id__lt=below)
    return calls.values_list("id", flat=True)[length - 1 : length].first()
