"""What became of a lot, on one page: from its issue, by its use, to the books."""

from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils.safestring import SafeString

from accounts import ids
from ledger import lot_history, lot_origins, money
from ledger.admin import chart, shown
from ledger.ids import LOT
from ledger.lot_history import Entry
from ledger.lot_origins import Origin
from ledger.models import Lot, Transfer
from ledger.windows import transfers

# The last ones; all of them are a list of their own.
BOOKED_MAX: Final = 100
LOST: Final = {
    "expire": "expired",
    "forfeit": "forfeited",
    "move": "moved to others",
    "void": "voided",
    "refund": "refunded",
    "escheat": "escheated",
}


class Line(NamedTuple):
    """What happened, or a day's use, and where its transfers are."""

    day: str
    what: SafeString
    times: str
    amount: str
    remaining: str
    reason: str
    document: SafeString


class Booked(NamedTuple):
    """A movement of its money."""

    transaction: SafeString
    kind: str
    debit: str
    credit: str
    amount: str
    counts_for: str


class Panel(NamedTuple):
    figures: list[tuple[str, str]]
    lines: list[Line]
    before: int | None
    booked: list[Booked]
    links: list[SafeString]


def of(lot: Lot, before: str) -> Panel:
    found = lot_history.found(lot.customer_id, lot.id)
    assert found is not None
    as_read, last = found
    is_number = before.isdecimal() and len(before) < 19
    entries, further = lot_history.history(as_read, last, int(before) if is_number else None)
    return Panel(
        _figures(as_read),
        [_line(as_read, entry) for entry in entries],
        further,
        [_booked(transfer) for transfer in _money(lot)],
        _links(lot),
    )


def moved(lot: Lot, origin: Origin) -> str:
    """To other customers: credits, and the money that went with them."""
    if not origin.moved:
        return "-"
    told = shown.number(origin.moved)
    return f"{told} with {_money_of(lot, origin.moved_price)}" if origin.moved_price else told


def basis(lot: Lot) -> str:
    return f"{_money_of(lot, lot.price)} for {shown.number(lot.units)}" if lot.price else "-"


def _figures(lot: Lot) -> list[tuple[str, str]]:
    """From how it began to what it is now: credits, and beside them money."""
    sums, origin = lot_history.sums_of([lot])[lot.id], lot_origins.origin(lot)
    lost = {kind: amount for kind, amount in sums.lost.items() if kind != "move"}
    if origin.moved:
        lost["move"] = origin.moved
    later = sums.used + sum(lost.values()) + lot.remaining - origin.issued
    told = [
        ("issued", shown.number(origin.issued)),
        ("paid for it", _money_of(lot, origin.price)),
        ("came later", shown.number(later) if later else ""),
        ("used", shown.number(sums.used)),
        *((LOST.get(kind, kind), shown.number(amount)) for kind, amount in lost.items()),
        ("money moved with them", _money_of(lot, origin.moved_price) if origin.moved else ""),
        ("left", shown.number(lot.remaining)),
        ("carries now", _money_of(lot, _carried(lot)) if origin.price else ""),
    ]
    return [(name, figure) for name, figure in told if figure]


def _money_of(lot: Lot, amount: int) -> str:
    if lot.currency is None or not (amount or lot.paid):
        return ""
    return f"{shown.grouped(money.show_unit(amount, lot.currency))} {lot.currency}"


def _carried(lot: Lot) -> int:
    """The accounting rules, section 2.3."""
    with connection.cursor() as cursor:
        asked = [lot.price, lot.units, lot.remaining]
        cursor.execute("select ledger_carrying(%s, %s, %s)", asked)
        return int(cursor.fetchall()[0][0])


def _line(lot: Lot, entry: Entry) -> Line:
    day = f"{entry.at:%Y-%m-%d}"
    what = "use" if entry.kind == "commit" else entry.kind
    kind = {} if entry.kind == "commit" else {"kind": entry.kind}
    filters = {"lot": ids.encode(LOT, lot.id), "from": day, "to": day, **kind}
    return Line(
        day,
        shown.listed("transfer", what, **filters),
        f"{entry.times:,}",
        shown.number(entry.amount),
        shown.number(entry.remaining),
        entry.reason or "-",
        shown.document(entry.document),
    )


def _money(lot: Lot) -> list[Any]:
    """By the index of money, the last first."""
    found = transfers.booked(Transfer.objects.filter(customer_id=lot.customer_id, lot_id=lot.id))
    return list(found.exclude(unit=money.CREDITS).order_by("-version", "-id")[:BOOKED_MAX])


def _booked(transfer: Any) -> Booked:
    return Booked(
        shown.transaction(transfer.customer_id, transfer.transaction_id),
        transfer.kind,
        chart.account(transfer.debit),
        chart.account(transfer.credit),
        f"{shown.grouped(money.show_unit(transfer.amount, transfer.unit))} {transfer.unit}",
        str(transfer.booked_on),
    )


def _links(lot: Lot) -> list[SafeString]:
    name = ids.encode(LOT, lot.id)
    return [
        shown.listed("transfer", "All its transfers", lot=name),
        shown.listed("transfer", "Its use, call by call", lot=name, kind="commit"),
        shown.listed("transfer", "Its money", lot=name, unit="money"),
    ]
