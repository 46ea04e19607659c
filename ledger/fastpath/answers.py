"""What the core answered, in the words of the contract.

A 2xx body is made of the columns of the answer and of an immutable price, and of nothing else:
the core gives a repeated request the same columns, so it gets the same bytes.
"""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ledger import amounts
from ledger.errors import LedgerError
from ledger.fastpath.database import Row
from ledger.pricing import Price


class LotPart(Struct):
    lot: str | None  # null: the credit limit
    amount: str


class Balance(Struct):
    available: str
    held: str
    frozen: str
    total: str


class QuantityPrice(Struct):
    name: str
    per: int
    amount: str


class PriceShown(Struct):
    rate_card: str
    per_call: str
    quantity: QuantityPrice | None


class Reservation(Struct):
    """A reservation as one operation left it. What does not apply is left out."""

    id: str
    status: str
    customer: str
    endpoint: str | None
    amount: str
    committed: str
    released: str | UnsetType
    uncollected: str | UnsetType
    lots: list[LotPart]
    price: PriceShown | None
    quantity: msgspec.Raw | None
    transaction: str | None | UnsetType
    reversed: str | UnsetType
    expires_at: str | UnsetType
    balance: Balance


def reservation(row: Row, price: Price | None) -> Reservation:
    customer = _hex(row.customer_id)
    is_settled = row.released is not None
    return Reservation(
        f"rsv_{customer}{_hex(row.reservation_id)}{int(row.price_id or 0):08x}",
        row.state or "",
        f"cus_{customer}",
        price.endpoint if price else None,
        _credits(row.amount),
        _credits(row.committed),
        _credits(row.released) if is_settled else UNSET,
        _credits(row.uncollected) if is_settled else UNSET,
        _lots(row),
        _price(price),
        msgspec.Raw(row.quantities.encode()) if row.quantities else None,
        _transaction(row.transaction_id) if is_settled else UNSET,
        UNSET if row.reversed is None else _credits(row.reversed),
        _time(row.expires_at) if row.state == "held" else UNSET,
        _balance(row),
    )


_SENTENCES: Final = {
    "amount-exceeds-reservation": "This is more than the reservation has.",
    "reservation-held": "The reservation is still held: release it, there is nothing to reverse.",
    "extension-too-long": "A hold lasts at most 7 days after it was made.",
}
# How the core says that it has no such customer.
_CODES: Final = {"no-wallet": "not-found"}


def declined(row: Row, price: Price | None, *, top_up_url: str) -> LedgerError:
    """The core's refusal, with what the contract says beside it."""
    members: dict[str, Any] = {}
    detail = _SENTENCES.get(row.code, "")
    if row.code == "insufficient-credits":
        required, available = int(row.required or 0), int(row.available or 0)
        members["required"] = amounts.show(required)
        members["available"] = amounts.show(available)
        members["shortfall"] = amounts.show(required - available - int(row.credit_limit or 0))
        members["top_up_url"] = top_up_url
        detail = f"This takes {members['required']} credits; {members['available']} are available."
    if row.reservation_id is not None:
        members["current"] = reservation(row, price)
    return LedgerError(_CODES.get(row.code, row.code), detail, members)


def _credits(column: str | None) -> str:
    return amounts.show(int(column or 0))


def _hex(column: str | None) -> str:
    return (column or "").replace("-", "")


def _time(column: str | None) -> str:
    """`2026-11-21 09:44:12.5+00` as RFC 3339."""
    text = column or ""
    return f"{text[:10]}T{text[11:-3]}Z"


def _transaction(column: str | None) -> str | None:
    return f"txn_{_hex(column)}" if column else None


def _lots(row: Row) -> list[LotPart]:
    lots, parts = _elements(row.lots), _elements(row.lot_amounts)
    return [
        LotPart(None if lot == "NULL" else f"lot_{_hex(lot)}", _credits(part))
        for lot, part in zip(lots, parts, strict=True)
    ]


def _elements(array: str | None) -> list[str]:
    """Of an array as PostgreSQL writes it: `{a,b}`."""
    return array[1:-1].split(",") if array and array != "{}" else []


def _price(price: Price | None) -> PriceShown | None:
    if price is None:
        return None
    per_quantity = None
    if price.quantity_name:
        shown = amounts.show(price.per_quantity)
        per_quantity = QuantityPrice(price.quantity_name, price.quantity_size, shown)
    return PriceShown(price.rate_card, amounts.show(price.per_call), per_quantity)


def _balance(row: Row) -> Balance:
    available, held, frozen = int(row.available or 0), int(row.held or 0), int(row.frozen or 0)
    return Balance(
        amounts.show(available),
        amounts.show(held),
        amounts.show(frozen),
        amounts.show(available + held + frozen),
    )
