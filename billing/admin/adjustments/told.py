"""An effect as staff read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.safestring import SafeString

from accounts.models import Customer
from billing import figures
from billing.adjustments.effects import AccountChange, Effect, Entry, LotChange, WalletChange
from billing.models import Adjustment
from ledger.admin import shown
from ledger.models import Transfer


class CreditsRow(NamedTuple):
    """The wallet's, where there is no kind."""

    customer: SafeString
    what: SafeString | str
    kind: str
    before: str
    change: str
    after: str
    expiry: str
    is_gain: bool


class EntryRow(NamedTuple):
    customer: SafeString
    kind: str
    debit: str
    credit: str
    amount: str
    lot: SafeString | str


class AccountRow(NamedTuple):
    customer: SafeString
    account: str
    before: str
    debit: str
    credit: str
    after: str


class Told(NamedTuple):
    """`mark` is what is sent back: only that is done."""

    mark: str
    credits: Sequence[CreditsRow]
    entries: Sequence[EntryRow]
    accounts: Sequence[AccountRow]
    transactions: Sequence[SafeString]


def tell(effect: Effect) -> Told:
    customers = _customers(effect)
    names = {(one.account): one.name for one in effect.accounts}
    lots = {lot.lot_id: lot for lot in effect.lots}
    of_lots = [_lot(customers[one.customer_id], one) for one in effect.lots]
    of_wallets = [_wallet(customers[one.customer_id], one) for one in effect.wallets]
    return Told(
        effect.mark,
        [*of_lots, *of_wallets],
        [_entry(customers[one.customer_id], one, names, lots) for one in effect.entries],
        [_account(customers[one.customer_id], one) for one in effect.accounts],
        _transactions(effect),
    )


def asked(adjustment: Adjustment) -> Told:
    """What it came to, or what it would come to when it was asked."""
    return tell(Effect.read(adjustment.effect or adjustment.asked_effect))


def size(adjustment: Adjustment) -> str:
    money = adjustment.size_money
    told = "no rate" if money is None else f"{money:,.2f} {adjustment.size_currency}"
    number = shown.number(adjustment.size_credits)
    credits = f"{number} credit" if number == "1" else f"{number} credits"
    return f"{credits}, {told}" if money != 0 else credits


def _transactions(effect: Effect) -> list[SafeString]:
    """In whoever's book they stand: the first transfer of each has its id."""
    customers = [wallet.customer_id for wallet in effect.wallets]
    written = Transfer.objects.filter(customer_id__in=customers, id__in=effect.transactions)
    pairs = written.order_by("id").values_list("customer_id", "id")
    return [shown.transaction(customer, id) for customer, id in pairs]


def _customers(effect: Effect) -> dict[UUID, SafeString]:
    ids = [wallet.customer_id for wallet in effect.wallets]
    return {one.pk: shown.customer(one) for one in Customer.objects.filter(id__in=ids)}


def _lot(customer: SafeString, lot: LotChange) -> CreditsRow:
    page = shown.row_page("lot", lot.customer_id, lot.lot_id)
    number = f"Lot {lot.number}"
    return CreditsRow(
        customer,
        f"{number}, new" if lot.is_new else shown.link(page, number),
        lot.kind,
        figures.credits(lot.before),
        signed(lot.change),
        figures.credits(lot.after),
        _expiry(lot),
        lot.change > 0,
    )


def _wallet(customer: SafeString, wallet: WalletChange) -> CreditsRow:
    return CreditsRow(
        customer,
        "Available in all",
        "",
        figures.credits(wallet.available_before),
        signed(wallet.change),
        figures.credits(wallet.available_after),
        "",
        wallet.change > 0,
    )


def _entry(
    customer: SafeString, one: Entry, names: dict[str, str], lots: dict[UUID, LotChange]
) -> EntryRow:
    lot = lots.get(one.lot_id) if one.lot_id else None
    return EntryRow(
        customer,
        one.kind,
        f"{one.debit} {names.get(one.debit, '')}",
        f"{one.credit} {names.get(one.credit, '')}",
        f"{figures.money(one.amount, one.unit)} {one.unit}",
        f"Lot {lot.number}" if lot else "-",
    )


def _account(customer: SafeString, one: AccountChange) -> AccountRow:
    return AccountRow(
        customer,
        f"{one.account} {one.name}, {one.unit}",
        figures.money(one.before, one.unit),
        figures.money(one.debit, one.unit) if one.debit else "",
        figures.money(one.credit, one.unit) if one.credit else "",
        figures.money(one.after, one.unit),
    )


def _expiry(lot: LotChange) -> str:
    if lot.expires_before == lot.expires_after:
        return _instant(lot.expires_after)
    return f"{_instant(lot.expires_before)} \N{RIGHTWARDS ARROW} {_instant(lot.expires_after)}"


def _instant(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "never"


def signed(amount: int) -> str:
    return f"+{figures.credits(amount)}" if amount > 0 else figures.credits(amount)
