"""What a line of a file of history says: decimal strings, whole ids, times in UTC."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts import ids
from accounts.csv_files import safe
from ledger import amounts, money
from ledger.admin import shown
from ledger.ids import LOT, TRANSACTION

Columns = tuple[tuple[str, Callable[[Any], str]], ...]


def text(name: str) -> tuple[str, Callable[[Any], str]]:
    return name, lambda row: safe(str(getattr(row, name) or ""))


def time(name: str) -> tuple[str, Callable[[Any], str]]:
    return name, lambda row: _time(getattr(row, name))


def credits(title: str, name: str) -> tuple[str, Callable[[Any], str]]:
    return title, lambda row: amounts.show(getattr(row, name))


def id_of(title: str, prefix: str, name: str) -> tuple[str, Callable[[Any], str]]:
    return title, lambda row: _id(prefix, getattr(row, name))


def _time(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat().replace("+00:00", "Z")


def _id(prefix: str, id: UUID | None) -> str:
    return "" if id is None else ids.encode(prefix, id)


def _price(lot: Any, amount: int) -> str:
    return money.show_unit(amount, lot.currency) if lot.currency else ""


_CUSTOMER: Final[Columns] = (
    id_of("customer", ids.CUSTOMER, "customer_id"),
    ("customer_name", lambda row: safe(row.customer.name)),
)

TRANSACTIONS: Final[Columns] = (
    id_of("transaction", TRANSACTION, "transaction_id"),
    *_CUSTOMER,
    ("version", lambda row: str(row.version)),
    text("kind"),
    ("balance_after", lambda row: amounts.show(row.balance_after)),
    ("reservation", lambda row: row.reservation_id.hex if row.reservation_id else ""),
    text("document"),
    id_of("reverses", TRANSACTION, "reverses"),
    text("actor"),
    text("reason"),
    time("posted_at"),
    time("effective_at"),
)
TRANSFERS: Final[Columns] = (
    ("transfer", lambda row: row.id.hex),
    *TRANSACTIONS[:5],
    text("unit"),
    text("debit"),
    text("credit"),
    ("amount", lambda row: money.show_unit(row.amount, row.unit)),
    id_of("lot", LOT, "lot_id"),
    text("cohort"),
    *TRANSACTIONS[5:],
    ("posted_on", lambda row: str(row.posted_on or "")),
)
RESERVATIONS: Final[Columns] = (
    ("reservation", shown.name_of),
    *_CUSTOMER,
    ("state", lambda row: row.state_now),
    ("endpoint", lambda row: safe(row.endpoint_code or "")),
    id_of("key", ids.KEY, "api_key_id"),
    credits("amount", "amount"),
    credits("committed", "committed"),
    credits("reversed", "reversed"),
    credits("uncollected", "uncollected"),
    text("outcome"),
    id_of("transaction", TRANSACTION, "transaction_id"),
    text("request_id"),
    text("ended_request_id"),
    time("created_at"),
    time("expires_at"),
    time("ended_at"),
)
LOTS: Final[Columns] = (
    id_of("lot", LOT, "id"),
    *_CUSTOMER,
    text("kind"),
    ("issued", lambda row: amounts.show(row.origin.issued)),
    ("price", lambda row: _price(row, row.origin.price)),
    ("moved", lambda row: amounts.show(row.origin.moved)),
    ("moved_price", lambda row: _price(row, row.origin.moved_price)),
    credits("remaining", "remaining"),
    credits("held", "held"),
    credits("frozen", "frozen"),
    credits("basis_credits", "units"),
    ("basis_price", lambda row: _price(row, row.price)),
    text("currency"),
    text("cohort"),
    text("document"),
    text("reason"),
    time("issued_at"),
    time("expires_at"),
)
EVENTS: Final[Columns] = (
    ("event", lambda row: row.id.hex),
    *_CUSTOMER,
    text("kind"),
    text("subject"),
    ("data", lambda row: safe(str(row.data or ""))),
    time("created_at"),
    time("delivered_at"),
)
