"""What the core answered, in the words of the contract.

A 2xx body is made of the columns of the answer and of an immutable price, and of nothing else:
the core gives a repeated request the same columns, so it gets the same bytes.
"""

from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ledger import amounts
from ledger.errors import LedgerError
from ledger.fastpath import limits
from ledger.fastpath.database import Row
from ledger.prices.pricing import CALLS, Mode, Price, Unit

# No reservation has one of these.
LEASE_STATES: Final = ("open", "ended")
GRACE_SECONDS: Final = 30  # as ledger_lease_grace() has it


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


class TierShown(Struct):
    up_to: str | None  # null: all that comes after the tier before it
    amount: str


class UnitPrice(Struct):
    """What is multiplied: `amount`, or its tier's, for every `per` of it."""

    name: str
    per: int
    mode: Mode
    amount: str | UnsetType = UNSET
    free: str | UnsetType = UNSET  # of a month
    tiers: list[TierShown] | UnsetType = UNSET


class PriceShown(Struct):
    """`quantity` is the unit of a price that has one, at one amount; others say their `units`."""

    rate_card: str
    per_call: str
    quantity: QuantityPrice | None
    units: list[UnitPrice] | UnsetType = UNSET
    minimum: str | UnsetType = UNSET
    maximum: str | UnsetType = UNSET


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
    livemode: bool | UnsetType = UNSET  # false in a sandbox, and not told elsewhere


class Leased(Struct):
    """What its holder may spend, and until when: `expires_at` on a clock of its own, started before
    it asked. `settled` is what the settlement with this `sequence` posted."""

    id: str
    status: str  # open or ended
    customer: str
    amount: str
    sequence: int
    settled: str
    expires_at: str | UnsetType
    grace: int  # seconds after that in which it can still be settled
    balance: Balance
    livemode: bool | UnsetType = UNSET  # as of a reservation


def lease(row: Row) -> Leased:
    customer = _hex(row.customer_id)
    return Leased(
        f"lse_{customer}{_hex(row.reservation_id)}",
        row.state or "",
        f"cus_{customer}",
        _credits(row.amount),
        int(row.required or 0),
        _credits(row.committed),
        _time(row.expires_at) if row.state == "open" else UNSET,
        GRACE_SECONDS,
        _balance(row),
    )


def reservation(row: Row, price: Price | None) -> Reservation:
    customer = _hex(row.customer_id)
    is_settled = row.released is not None
    return Reservation(
        _name(customer, row),
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


def name(row: Row) -> str:
    """Of the reservation that it tells of."""
    return _name(_hex(row.customer_id), row)


def _name(customer: str, row: Row) -> str:
    return f"rsv_{customer}{_hex(row.reservation_id)}{int(row.price_id or 0):08x}"


_SENTENCES: Final = {
    "amount-exceeds-reservation": "This is more than the reservation has.",
    "reservation-held": "The reservation is still held: release it, there is nothing to reverse.",
    "event-dismissed": "It was refused, and then dismissed: it is not charged.",
    "extension-too-long": "A hold lasts at most 7 days after it was made.",
    "lease-impossible": "The customer has limits of endpoints, which are looked at call by call.",
    "lease-expired": "The lease and its grace are over: what was left of it came back.",
    "lease-ended": "The lease was ended by a settlement: what was left of it came back.",
}
# How the core says that it has no such customer.
_CODES: Final = {"no-wallet": "not-found"}


def declined(row: Row, price: Price | None, *, top_up_url: str) -> LedgerError:
    """The core's refusal, with what the contract says beside it."""
    if row.limits is not None:
        return _limited(row, price)
    members: dict[str, Any] = {}
    detail = _SENTENCES.get(row.code, "")
    if row.code == "insufficient-credits":
        required, available = int(row.required or 0), int(row.available or 0)
        members["required"] = amounts.show(required)
        members["available"] = amounts.show(available)
        members["shortfall"] = amounts.show(required - available - int(row.credit_limit or 0))
        members["top_up_url"] = top_up_url
        detail = f"This takes {members['required']} credits; {members['available']} are available."
    elif row.code == "lease-sequence-gap":
        members["expected"] = int(row.required or 0)
        detail = f"The next settlement of this lease has the sequence {members['expected']}."
    elif row.code == "amount-exceeds-lease":
        members["amount"] = _credits(row.required)
        detail = f"The lease has {members['amount']} credits."
    if row.reservation_id is not None:
        members["current"] = reservation(row, price)
    return LedgerError(_CODES.get(row.code, row.code), detail, members)


def _limited(row: Row, price: Price | None) -> LedgerError:
    limit: dict[str, Any] = msgspec.json.decode(row.limits or "{}")
    if row.code == "rate-limited":
        return limits.rate_limited(limit, price)
    refusal = limits.cap_reached(limit, row.required, price)
    if row.reservation_id is not None:
        refusal.members["current"] = reservation(row, price)
    return refusal


def _credits(column: str | None) -> str:
    return amounts.show_digits(column or "0")


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
    return None if price is None else shown(price)


@lru_cache(maxsize=4096)
def shown(price: Price) -> PriceShown:
    units = price.units
    return PriceShown(
        price.rate_card,
        amounts.show(price.per_call),
        _only(units[0]) if is_plain(price) and units else None,
        UNSET if is_plain(price) else [_unit(unit) for unit in units],
        UNSET if price.minimum is None else amounts.show(price.minimum),
        UNSET if price.maximum is None else amounts.show(price.maximum),
    )


def is_plain(price: Price) -> bool:
    """So much a call, and so much for one quantity."""
    units = price.units
    if len(units) > 1:
        return False
    return not units or not (units[0].depends_on_month or units[0].name == CALLS)


def _only(unit: Unit) -> QuantityPrice:
    return QuantityPrice(unit.name, unit.size, amounts.show(unit.amount))


def _unit(unit: Unit) -> UnitPrice:
    tiers = [TierShown(tier.up_to, amounts.show(tier.amount)) for tier in unit.tiers]
    return UnitPrice(
        unit.name,
        unit.size,
        unit.mode,
        UNSET if tiers else amounts.show(unit.amount),
        UNSET if unit.free == "0" else unit.free,
        tiers or UNSET,
    )


def _balance(row: Row) -> Balance:
    total = int(row.available or 0) + int(row.held or 0) + int(row.frozen or 0)
    return Balance(
        _credits(row.available), _credits(row.held), _credits(row.frozen), amounts.show(total)
    )
