"""What closing an account does, as it is shown, confirmed and kept: micro-credits, minor units."""

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from billing.books.rows import rows

_ENTRIES: Final = """
select t.unit, t.debit, d.name, t.credit, c.name, sum(t.amount)::bigint
from ledger_transfer t
    join ledger_account d on d.code = t.debit
    join ledger_account c on c.code = t.credit
where t.customer_id = %(customer)s and t.version > %(after)s
group by 1, 2, 3, 4, 5 order by t.unit = 'CR', 1, 2, 4
"""


class Back(msgspec.Struct, frozen=True):
    """A payment is refunded for what is left of it. `is_late`: it came after the closing was asked
    for."""

    purchase: UUID
    provider: str
    credits: int
    net: int
    tax: int
    currency: str
    is_late: bool = False

    @property
    def amount(self) -> int:
        return self.net + self.tax


class GivenUp(msgspec.Struct, frozen=True):
    """Credits of a lot are forfeited, or the state's where it may claim them; and the deferred
    revenue that goes with them."""

    lot: UUID
    kind: str
    credits: int
    money: int
    currency: str | None
    is_the_states: bool = False


class Entry(msgspec.Struct, frozen=True):
    """All transfers between two accounts."""

    unit: str
    debit: str
    debit_name: str
    credit: str
    credit_name: str
    amount: int


class Effect(msgspec.Struct, frozen=True):
    """`left` is what was there before: nothing is afterwards. `kept` are purchases that are not
    refunded although the policy says so, with why; `seen` are all that were paid by then."""

    left: int
    backs: list[Back]
    kept: list[tuple[UUID, str]]
    given_up: list[GivenUp]
    seen: list[UUID]
    entries: list[Entry]
    keys: int = 0
    top_up: bool = False
    plan: str = ""
    pages: int = 0

    @property
    def fingerprint(self) -> str:
        """The same while it does the same."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def entries(customer_id: UUID, *, after: int) -> list[Entry]:
    """Of transfers that the wallet's versions since then have."""
    found = rows(_ENTRIES, {"customer": customer_id, "after": after})
    return [Entry(*row) for row in found]


def as_json(effect: Effect) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(effect)
    return told


def read(kept: dict[str, Any]) -> Effect | None:
    return msgspec.convert(kept, Effect) if kept else None
