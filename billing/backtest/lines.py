"""Calls added up: a line for each endpoint of a customer, with the lots that paid."""

from collections import defaultdict
from typing import Final, NamedTuple
from uuid import UUID

# Credits that no lot paid: they are worth what the customer's others are.
NO_LOT: Final = "NULL"


class Sum:
    """Of one endpoint. `lots` has, by each lot's id, the credits that it paid and would pay."""

    __slots__ = ("after", "before", "calls", "lots")

    def __init__(self) -> None:
        self.calls = self.before = self.after = 0
        self.lots: dict[str, list[int]] = {}

    def add(self, calls: int, before: int, after: int, lots: str | None, used: str | None) -> None:
        self.calls += calls
        self.before += before
        self.after += after
        if used is not None and lots is not None:
            self._spread(before, after, lots, used)
        else:
            self._add(lots or NO_LOT, before, after)

    def _spread(self, before: int, after: int, lots: str, used: str) -> None:
        """As the call was paid; what is left of the division is the last one's."""
        names = lots.strip("{}").split(",")
        weights = [int(part) for part in used.strip("{}").split(",")]
        whole = sum(weights)
        if not whole:
            self._add(NO_LOT, before, after)
            return
        left_before, left_after = before, after
        for name, weight in zip(names[:-1], weights[:-1], strict=True):
            part_before, part_after = before * weight // whole, after * weight // whole
            self._add(name, part_before, part_after)
            left_before, left_after = left_before - part_before, left_after - part_after
        self._add(names[-1], left_before, left_after)

    def _add(self, lots: str, before: int, after: int) -> None:
        paid = self.lots.get(lots)
        if paid is None:
            self.lots[lots] = [before, after]
        else:
            paid[0] += before
            paid[1] += after

    def by_lot(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for lots, (before, after) in self.lots.items():
            name = lots.strip("{}") or NO_LOT
            known = found.get(name, (0, 0))
            found[name] = (known[0] + before, known[1] + after)
        return found


class OfCustomer(NamedTuple):
    customer_id: UUID
    sums: defaultdict[int | None, Sum]

    @classmethod
    def new(cls, customer_id: UUID) -> "OfCustomer":
        return cls(customer_id, defaultdict(Sum))
