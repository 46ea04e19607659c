"""What an adjustment does: read from the transfers that it wrote, never reckoned beside them.

The caller holds the wallets' locks, so what has a version above the one before is the adjustment's.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from billing.books.rows import rows
from ledger import money, selectors
from ledger.models import Lot, Transfer, Wallet

_BALANCES = """
select t.unit, x.account, a.name, a.normal, sum(x.amount)::bigint
from ledger_transfer t,
    lateral (values (t.debit, t.amount), (t.credit, -t.amount)) x(account, amount)
    join ledger_account a on a.code = x.account
where t.customer_id = %(customer)s and t.unit <> 'CR' and x.account = any(%(accounts)s)
group by 1, 2, 3, 4 order by 1, 2
"""


class WalletChange(msgspec.Struct, frozen=True):
    """Micro-credits."""

    customer_id: UUID
    available_before: int
    available_after: int

    @property
    def change(self) -> int:
        return self.available_after - self.available_before


class LotChange(msgspec.Struct, frozen=True):
    """What remains of a lot, in micro-credits; `is_new` where this issued it."""

    customer_id: UUID
    lot_id: UUID
    number: int
    kind: str
    before: int
    after: int
    expires_before: datetime | None
    expires_after: datetime | None
    is_new: bool = False

    @property
    def change(self) -> int:
        return self.after - self.before


class Entry(msgspec.Struct, frozen=True):
    """A transfer of money, in minor units."""

    customer_id: UUID
    kind: str
    debit: str
    credit: str
    unit: str
    amount: int
    lot_id: UUID | None


class AccountChange(msgspec.Struct, frozen=True):
    """An account of money in a customer's book, in its normal direction: minor units."""

    customer_id: UUID
    account: str
    name: str
    unit: str
    debit: int
    credit: int
    before: int
    after: int


class Effect(msgspec.Struct, frozen=True):
    wallets: list[WalletChange]
    lots: list[LotChange]
    entries: list[Entry]
    accounts: list[AccountChange]
    transactions: list[UUID]

    def as_json(self) -> Any:
        return msgspec.to_builtins(self)

    @classmethod
    def read(cls, stored: Any) -> "Effect":
        return msgspec.convert(stored, cls)

    @property
    def mark(self) -> str:
        """Two effects with the same mark change the same, whatever the balances are by now."""
        new = {lot.lot_id for lot in self.lots if lot.is_new}
        lots = [
            (str(lot.customer_id), "" if lot.is_new else str(lot.lot_id), lot.kind, lot.change)
            + (str(lot.expires_before), str(lot.expires_after))
            for lot in self.lots
        ]
        entries = [
            (str(one.customer_id), one.debit, one.credit, one.unit, one.amount)
            + ("" if one.lot_id in new else str(one.lot_id),)
            for one in self.entries
        ]
        changed = msgspec.json.encode([sorted(lots), sorted(entries)])
        return hashlib.sha256(changed).hexdigest()


class Before(msgspec.Struct, frozen=True):
    """How a customer stood; `lots` are the expiries of those open, and of the one that is named."""

    customer_id: UUID
    version: int
    available: int
    lots: dict[UUID, datetime | None]


def before(customer_id: UUID, lot_id: UUID | None) -> Before:
    """The wallet is locked, and nothing of it is due."""
    wallet = Wallet.objects.get(customer_id=customer_id)
    own = Lot.objects.filter(customer_id=customer_id)
    lots = dict(own.filter(id=lot_id).values_list("id", "expires_at")) if lot_id else {}
    return Before(customer_id, wallet.version, wallet.available, lots)


def read(befores: Sequence[Before]) -> Effect:
    """Since then."""
    effects = [_of(one) for one in befores]
    return Effect(
        [wallet for effect in effects for wallet in effect.wallets],
        [lot for effect in effects for lot in effect.lots],
        [entry for effect in effects for entry in effect.entries],
        [account for effect in effects for account in effect.accounts],
        [transaction for effect in effects for transaction in effect.transactions],
    )


def _of(before: Before) -> Effect:
    id = before.customer_id
    found = selectors.history(id).filter(version__gt=before.version)
    transfers = list(found.order_by("version", "id"))
    wallet = Wallet.objects.get(customer_id=id)
    entries = [_entry(one) for one in transfers if one.unit != money.CREDITS]
    return Effect(
        [WalletChange(id, before.available, wallet.available)],
        _lots(before, transfers),
        entries,
        _accounts(id, entries),
        list(dict.fromkeys(one.transaction_id for one in transfers)),
    )


def _lots(before: Before, transfers: Sequence[Transfer]) -> list[LotChange]:
    credits = [one for one in transfers if one.unit == money.CREDITS and one.lot_id]
    touched = {one.lot_id for one in credits} | set(before.lots)
    lots = Lot.objects.filter(customer_id=before.customer_id, id__in=touched)
    return [_lot(before, lot, credits) for lot in lots.order_by("seq")]


def _lot(before: Before, lot: Lot, transfers: Sequence[Transfer]) -> LotChange:
    own = [one for one in transfers if one.lot_id == lot.id]
    change = sum(one.amount * ((one.credit == "U20") - (one.debit == "U20")) for one in own)
    # A lot that this issued has come from outside, whole.
    is_new = any(one.debit in ("U10", "U35") for one in own) and lot.units == change
    return LotChange(
        before.customer_id,
        lot.id,
        lot.seq,
        lot.kind,
        lot.remaining - change,
        lot.remaining,
        before.lots.get(lot.id, lot.expires_at),
        lot.expires_at,
        is_new,
    )


def _entry(one: Transfer) -> Entry:
    return Entry(one.customer_id, one.kind, one.debit, one.credit, one.unit, one.amount, one.lot_id)


def _accounts(customer_id: UUID, entries: Sequence[Entry]) -> list[AccountChange]:
    """As they stand now, and what these entries made of them."""
    moved = {(one.unit, code) for one in entries for code in (one.debit, one.credit)}
    codes = sorted({code for _, code in moved})
    found = rows(_BALANCES, {"customer": customer_id, "accounts": codes}) if codes else []
    return [_account(customer_id, row, entries) for row in found if (row[0], row[1]) in moved]


def _account(customer_id: UUID, row: tuple[Any, ...], entries: Sequence[Entry]) -> AccountChange:
    unit, code, name, normal, balance = row
    sign = 1 if normal == "debit" else -1
    debit = sum(one.amount for one in entries if (one.unit, one.debit) == (unit, code))
    credit = sum(one.amount for one in entries if (one.unit, one.credit) == (unit, code))
    after = sign * balance
    return AccountChange(
        customer_id, code, name, unit, debit, credit, after - sign * (debit - credit), after
    )
