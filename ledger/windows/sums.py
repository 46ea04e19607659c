"""Sums of what is asked for: over all of it, or so far, which then says how far."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Count, QuerySet, Sum

from ledger.windows import pieces
from ledger.windows.filters import Filters
from ledger.windows.pieces import Source
from ledger.windows.places import Place

Group = tuple[str, ...]
COUNT: Final = "rows"


class Window(NamedTuple):
    """Rows of one kind, and the columns by which they are summed, and of which the sums are."""

    source: Callable[[Filters], Source]
    groups: Sequence[str]
    sums: Sequence[str] = ()


class Sums(NamedTuple):
    """By group: how many rows, and what each of the sums comes to. `below`: where the rest begins;
    None: this is of all."""

    groups: dict[Group, list[int]]
    below: Place | None = None
    looked_back_to: datetime | None = None

    @property
    def rows(self) -> int:
        return sum(amounts[0] for amounts in self.groups.values())


def add(window: Window, filters: Filters, so_far: Sums | None, seconds: float) -> Sums:
    """What is looked at in so many seconds, added to what there is."""
    source = window.source(filters)
    groups = dict(so_far.groups) if so_far else {}
    below = so_far.below if so_far else None
    for piece in pieces.pieces(source, below, seconds):
        for group, amounts in _read(window, piece.wanted):
            known = groups.get(group, [0] * len(amounts))
            groups[group] = [one + more for one, more in zip(known, amounts, strict=True)]
        below = piece.end
    return Sums(groups, below, pieces.reached(source, below))


def _read(window: Window, rows: QuerySet[Any]) -> list[tuple[Group, list[int]]]:
    asked = {COUNT: Count("*")} | {f"sum_{name}": Sum(name) for name in window.sums}
    found = rows.order_by().values_list(*window.groups).annotate(**asked)
    at = len(window.groups)
    return [
        (tuple(_text(one) for one in row[:at]), [int(amount or 0) for amount in row[at:]])
        for row in found
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value)
