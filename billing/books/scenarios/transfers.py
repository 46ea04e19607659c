"""Every transfer of a scenario, in the order in which it was entered."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from billing.books.rows import named_rows, rows
from billing.books.scenarios.world import World

_VERSIONS = "select customer_id, version from ledger_wallet"
_NEW = """
select t.customer_id, t.unit, t.debit, t.credit, t.amount, t.lot_id, t.kind, t.cohort, t.document,
    coalesce(t.effective_at, t.posted_at) as at,
    coalesce(t.posted_on, ledger_day(t.posted_at)) as day
from ledger_transfer t
where t.customer_id = %(customer)s and t.version > %(seen)s
order by t.version, t.unit <> 'CR', t.id
"""
_MOVED_FROM = "select document from ledger_lot where customer_id = %(customer)s and id = %(lot)s"
_MOVE = "move:"


class Line(NamedTuple):
    """`amount` is micro-credits, or minor units of the unit."""

    at: datetime
    day: date
    customer: str
    unit: str
    debit: str
    credit: str
    amount: int
    lot: str | None
    kind: str
    cohort: str | None
    document: str | None


@dataclass
class Journal:
    lines: list[Line] = field(default_factory=list)
    # Up to where the last expectation looked.
    looked_at: int = 0
    _seen: dict[UUID, int] = field(default_factory=dict)
    _lots: dict[UUID, str | None] = field(default_factory=dict)

    def read(self, world: World) -> None:
        """What is new since the last time."""
        for customer_id, version in rows(_VERSIONS):
            seen = self._seen.get(customer_id, 0)
            if version > seen:
                self._seen[customer_id] = version
                new = named_rows(_NEW, {"customer": customer_id, "seen": seen})
                names = _Names(world, self._lots)
                self.lines += [names.line(row) for row in new]

    def new_lines(self) -> list[Line]:
        """Since this was asked the last time."""
        new = self.lines[self.looked_at :]
        self.looked_at = len(self.lines)
        return new


class _Names:
    """The file's names for what the ledger knows by ids."""

    def __init__(self, world: World, lots: dict[UUID, str | None]) -> None:
        self._customers = {id: name for name, id in world.customers.items()}
        self._purchases = {made.name: name for name, made in world.purchases.items()}
        self._lots = lots
        for name, named in world.lots.items():
            self._lots.setdefault(named.lot_id, name)

    def line(self, row: dict[str, Any]) -> Line:
        customer_id, lot_id, at = row.pop("customer_id"), row.pop("lot_id"), row.pop("at")
        assert isinstance(customer_id, UUID) and isinstance(at, datetime)
        found: dict[str, Any] = {
            "at": at.astimezone(UTC).replace(microsecond=0),
            "customer": self._customers.get(customer_id, "house"),
            "lot": self._lot(customer_id, lot_id) if isinstance(lot_id, UUID) else None,
            "document": self._document(row.pop("document")),
        }
        return Line(**row, **found)

    def _lot(self, customer_id: UUID, lot_id: UUID) -> str | None:
        """One that was moved here has the name that it had before."""
        if lot_id not in self._lots:
            ((document,),) = rows(_MOVED_FROM, {"customer": customer_id, "lot": lot_id})
            self._lots[lot_id] = self._before(document)
        return self._lots[lot_id]

    def _before(self, document: object) -> str | None:
        if isinstance(document, str) and document.startswith(_MOVE):
            return self._lots.get(UUID(document.removeprefix(_MOVE)))
        return None

    def _document(self, document: object) -> str | None:
        if not isinstance(document, str):
            return None
        before = self._before(document)
        return f"{_MOVE}{before}" if before else self._purchases.get(document, document)
