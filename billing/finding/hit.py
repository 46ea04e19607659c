from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import Customer


class Hit(NamedTuple):
    """One row that may be meant. `model` is as in `billing.purchase`; `key` is that of its page in
    the admin, `why` says what of it is like the term."""

    model: str
    key: str
    title: str
    why: str
    customer: Customer | None = None

    @property
    def permission(self) -> str:
        room, _, name = self.model.partition(".")
        return f"{room}.view_{name}"

    @property
    def is_customer(self) -> bool:
        return self.model == Customer._meta.label_lower


def of_row(row: Any, why: str, customer: Customer | None = None, title: str = "") -> Hit:
    return Hit(row._meta.label_lower, str(row.pk), title or str(row), why, customer)


def of_history(model: str, customer: Customer, id: UUID, title: str, why: str) -> Hit:
    """Two customers' rows of history may have one id."""
    return Hit(f"ledger.{model}", customer.id.hex + id.hex, title, why, customer)
