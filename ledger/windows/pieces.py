"""Going through history, the newest first, a piece at a time.

An index leads to a customer's rows and to a time's, and to nothing else of them: another would cost
every debit. So a piece is so much of these rows as can be looked at in a moment, whether or not
anything in it is like what is looked for.
"""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from ledger.windows import places
from ledger.windows.places import Place

PAGE_SECONDS: Final = 0.08
SUMS_SECONDS: Final = 0.08
_FIRST: Final = 250
_LONGEST: Final = 20_000
_GROWTH: Final = 4
# Of a file: read and written at once, while other requests of the process wait.
_AT_ONCE: Final = 1_000


class Source(NamedTuple):
    """`every`: the rows that an index leads to. `wanted`: those of them that are asked for. `time`:
    which column says when a row was written."""

    every: QuerySet[Any]
    wanted: QuerySet[Any]
    time: str


class Piece(NamedTuple):
    """`end`: the last row that was looked at; None where there are no more."""

    wanted: QuerySet[Any]
    end: Place | None


class Page(NamedTuple):
    """`below`: where the next one begins; None where there are no more. `is_full`: as many were
    found as fit."""

    rows: list[Any]
    below: Place | None = None
    looked_back_to: datetime | None = None
    is_full: bool = False


def pieces(source: Source, below: Place | None, seconds: float) -> Iterator[Piece]:
    """For about so long. As long as the last one says that it can be; the first is small, for most
    pages need no more."""
    until, length = monotonic() + seconds, _FIRST
    while True:
        began = monotonic()
        piece = _piece(source, below, length)
        yield piece
        now = monotonic()
        if piece.end is None or now >= until:
            return
        below = piece.end
        can_be = length * (until - now) / max(now - began, 1e-6)
        length = max(_FIRST, min(length * _GROWTH, _LONGEST, int(can_be)))


def page(source: Source, below: Place | None, limit: int, seconds: float = PAGE_SECONDS) -> Page:
    found: list[Any] = []
    piece = Piece(source.wanted, None)
    for piece in pieces(source, below, seconds):
        found += piece.wanted.order_by(*places.ORDER)[: limit + 1 - len(found)]
        if len(found) > limit:
            last = found[limit - 1]
            return Page(found[:limit], places.of(last), getattr(last, source.time), True)
    return Page(found, piece.end, reached(source, piece.end))


def every(source: Source) -> Iterator[list[Any]]:
    """All that is wanted, some at a time, read as they are taken."""
    below = None
    while True:
        piece = _piece(source, below, _AT_ONCE)
        yield list(piece.wanted.order_by(*places.ORDER))
        if piece.end is None:
            return
        below = piece.end


def reached(source: Source, place: Place | None) -> datetime | None:
    """When the row there was written."""
    if place is None:
        return None
    at = source.every.filter(**place._asdict()).values_list(source.time, flat=True)
    return at.first()


def _piece(source: Source, below: Place | None, length: int) -> Piece:
    end = _end(places.below(source.every, below), length)
    return Piece(places.down_to(places.below(source.wanted, below), end), end)


def _end(rows: QuerySet[Any], length: int) -> Place | None:
    """Of its last row; None where fewer are left."""
    keys = rows.order_by(*places.ORDER).values_list("id", "customer_id")
    last = keys[length - 1 : length].first()
    return Place._make(last) if last else None
