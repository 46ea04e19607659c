from decimal import Decimal
from typing import Any

from accounts import ids
from ledger.checks.base import Row
from ledger.ids import LOT, TRANSACTION, ReservationId


def outside(row: Row) -> Row:
    """The row with its ids as the API shows them."""
    shown = {name.removesuffix("_id"): _outside(name, value, row) for name, value in row.items()}
    if shown.get("reservation"):
        shown.pop("price", None)
    return shown


def _outside(name: str, value: Any, row: Row) -> Any:
    if value is None:
        return None
    if isinstance(value, Decimal):  # a sum of bigints
        return int(value)
    match name:
        case "customer_id":
            return ids.encode(ids.CUSTOMER, value)
        case "lot_id":
            return ids.encode(LOT, value)
        case "lot_ids" | "issued_lot_ids":
            return [ids.encode(LOT, lot) for lot in value]
        case "transaction_id":
            return ids.encode(TRANSACTION, value)
        case "reservation_id":
            return str(ReservationId(row["customer_id"], value, row.get("price_id") or 0))
        case _:
            return value
