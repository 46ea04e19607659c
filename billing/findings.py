"""The rows that break a tie-out, as a close keeps them: names and texts."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from accounts import ids
from ledger import money
from ledger.checks import Finding
from ledger.ids import LOT, TRANSACTION, ReservationId

Row = Mapping[str, str]

_NAMES: Final = {"customer_id": ids.CUSTOMER, "lot_id": LOT, "transaction_id": TRANSACTION}
_FIRST: Final = (
    *("cohort", "account", "customer_id", "lot_id", "transaction_id", "reservation_id"),
    *("currency", "unit"),
)
_WHOLE: Final = re.compile(r"(-?[0-9]{1,18})(?:\.0*)?")
# Whole numbers beside a currency which are not of it.
_NO_MONEY: Final = {
    *("account", "cohort", "credits", "lots", "remaining", "rows", "seq", "transfers", "units"),
    "version",
}


def as_json(finding: Finding) -> dict[str, Any]:
    """As it is kept: the rows as texts, with names as the database has them."""
    return {
        "name": finding.check.name,
        "title": finding.check.title,
        "why": finding.check.why,
        "broken": finding.broken,
        "rows": [{name: str(row[name]) for name in row} for row in finding.rows],
    }


def outside(row: Row) -> dict[str, str]:
    """The row with ids as the API shows them, and money with its decimals."""
    return {name.removesuffix("_id"): cell(row, name) for name in columns(row)}


def columns(row: Row) -> list[str]:
    """What it is about comes first: the database keeps no order of them."""
    known = {name: place for place, name in enumerate(_FIRST)}
    return sorted(row, key=lambda name: known.get(name, len(known)))


def cell(row: Row, name: str) -> str:
    value = row[name]
    if value in ("None", ""):
        return "-"
    try:
        if name in _NAMES:
            return ids.encode(_NAMES[name], UUID(value))
        if name == "reservation_id":
            return str(ReservationId(UUID(row["customer_id"]), UUID(value), 0))
    except (KeyError, ValueError):
        return value
    return _in_decimals(row, name)


def is_amount(row: Row, name: str) -> bool:
    return (
        _currency(row) is not None
        and name not in _NO_MONEY
        and not name.endswith("_id")
        and _WHOLE.fullmatch(row[name]) is not None
    )


def _in_decimals(row: Row, name: str) -> str:
    currency, found = _currency(row), _WHOLE.fullmatch(row[name])
    if currency is None or found is None or not is_amount(row, name):
        return row[name]
    return money.show(int(found[1]), currency)["amount"]


def _currency(row: Row) -> str | None:
    """Beside it, or in the name of its cohort: 2026-10/USD."""
    parts = row.get("cohort", "").split("/")
    code = row.get("currency") or row.get("unit") or (parts[1] if len(parts) > 1 else "")
    return code if re.fullmatch(r"[A-Z]{3}", code) else None
