"""Transfers, and the transactions that they are."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import DateField, F, Q, QuerySet
from django.db.models.expressions import RawSQL

from ledger import money, selectors
from ledger.models import Lot, Reservation, Transaction, Transfer
from ledger.windows.filters import Filters, in_period, of_calls, within
from ledger.windows.pieces import Source
from ledger.windows.sums import Window

TIME: Final = "posted_at"
# The day on which a transfer stands in the books.
_BOOKED_ON: Final = """coalesce(ledger_transfer.posted_on,
    (ledger_transfer.posted_at at time zone (select time_zone from ledger_books))::date)"""

# What may move credits from U20 to U30. The condition is that of an index.
_USE: Final = ("commit", "cover", "uncover")
_NO_USE: Final = ~Q(unit=money.CREDITS) | ~Q(debit="U20") | ~Q(credit="U30")


def source(filters: Filters) -> Source:
    if filters.transaction_id is None:
        every = _every(Transfer.objects.all(), filters)
    else:
        every = legs(filters.customer_id, filters.transaction_id)
    return Source(every, _wanted(every, filters), TIME)


def transactions(filters: Filters) -> Source:
    """The first transfer of each, which has its id."""
    every = _every(Transaction.objects.all(), filters)
    if filters.transaction_id is not None:
        every = every.filter(id=filters.transaction_id)
    wanted = _wanted(every, filters).filter(id=F("transaction_id"))
    return Source(every, wanted, TIME)


def legs(customer_id: UUID | None, transaction_id: UUID) -> QuerySet[Transfer]:
    """All transfers of a transaction, by the index of versions."""
    if customer_id is None:
        return Transfer.objects.none()
    named = Transfer.objects.filter(customer_id=customer_id, id=transaction_id)
    version = named.values_list("version", flat=True).first()
    if version is None:
        return Transfer.objects.none()
    return selectors.history(customer_id).filter(version=version, transaction_id=transaction_id)


def booked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With the day for which each counts in the books, by the provider's time."""
    found: QuerySet[Any] = rows.annotate(booked_on=RawSQL(_BOOKED_ON, [], DateField()))
    return found


def _every(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    every = within(rows, filters)
    if filters.reservation_id is not None:
        every = _about_call(every, filters)
    if filters.lot_id is not None:
        every = _since_lot(every, filters)
    if _is_rare(filters):
        every = every.filter(_NO_USE)
    if filters.month is not None:
        first = RawSQL("ledger_id_floor(%s::timestamptz - interval '2 days')", [filters.month])
        every = every.filter(id__gte=first)
    return every


def _is_rare(filters: Filters) -> bool:
    """Whether none of it can be use, so that an index leads to it."""
    is_other = bool(filters.kind) and filters.kind not in _USE
    is_elsewhere = bool(filters.account) and filters.account not in ("U20", "U30")
    is_money = bool(filters.unit) and filters.unit not in ("credits", money.CREDITS)
    return is_other or is_elsewhere or is_money or filters.month is not None


def _wanted(every: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    wanted = in_period(every, filters, TIME)
    if filters.kind:
        wanted = wanted.filter(kind=filters.kind)
    if filters.unit:
        wanted = _in_unit(wanted, filters.unit)
    if filters.account:
        wanted = wanted.filter(Q(debit=filters.account) | Q(credit=filters.account))
    if filters.lot_id is not None:
        wanted = wanted.filter(lot_id=filters.lot_id)
    if filters.reservation_id is not None:
        wanted = wanted.filter(reservation_id=filters.reservation_id)
    if filters.month is not None:
        wanted = _in_month(wanted, filters)
    return of_calls(wanted, filters)


def _about_call(every: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """From when it was reserved until it ended; what gave some of it back came later."""
    assert filters.customer_id and filters.reservation_id
    calls = Reservation.objects.filter(customer_id=filters.customer_id, id=filters.reservation_id)
    call = calls.first()
    if call is None:
        return every
    lag = selectors.IDS_LAG
    every = every.filter(id__gte=selectors.lowest_id(call.created_at - lag))
    if call.ended_at is None or call.reversed:
        return every
    return every.filter(id__lt=selectors.lowest_id(call.ended_at + lag))


def _since_lot(every: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    assert filters.customer_id and filters.lot_id
    lot = Lot.objects.filter(customer_id=filters.customer_id, id=filters.lot_id).first()
    if lot is None:
        return every
    return every.filter(id__gte=selectors.lowest_id(lot.issued_at - selectors.IDS_LAG))


def _in_unit(rows: QuerySet[Any], unit: str) -> QuerySet[Any]:
    if unit == "credits":
        return rows.filter(unit=money.CREDITS)
    return rows.exclude(unit=money.CREDITS) if unit == "money" else rows.filter(unit=unit)


def _in_month(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """Money, by the day for which it counts, which may be before the one on which it was posted."""
    assert filters.month is not None
    rows = rows.exclude(unit=money.CREDITS)
    end = (filters.month + timedelta(days=31)).replace(day=1)
    return booked(rows).filter(booked_on__gte=filters.month, booked_on__lt=end)


TRANSFERS: Final = Window(source, groups=("kind", "unit", "debit", "credit"), sums=("amount",))
# What moved in them is added up of their transfers.
TRANSACTIONS: Final = Window(transactions, groups=("kind",))
