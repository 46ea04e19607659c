"""What a customer has, on one page."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import ids
from accounts.models import ApiKey, Customer
from ledger import selectors
from ledger.admin import shown
from ledger.ids import LOT, RESERVATION
from ledger.models import Lot, Price, Reservation, ReservationState, Wallet

LOTS_MAX = HOLDS_MAX = KEYS_MAX = 50
RECORDS = (
    ("reservation", "Calls"),
    ("transfer", "Transfers"),
    ("lot", "Lots"),
    ("event", "Events"),
)


class LotRow(NamedTuple):
    page: str
    name: SafeString
    kind: str
    price: str
    issued: str
    remaining: str
    held: str
    frozen: str
    expires_at: datetime | None


class HoldRow(NamedTuple):
    page: str
    name: SafeString
    age: str
    endpoint: str
    amount: str
    request_id: str | None
    expires_at: datetime


class Panel(NamedTuple):
    id: str
    figures: list[tuple[str, str]]
    lots: list[LotRow]
    holds: list[HoldRow]
    keys: list[tuple[str, ApiKey]]
    records: list[tuple[str, str]]


def of(customer: Customer) -> Panel:
    balance = selectors.balance(customer.id)
    return Panel(
        ids.encode(ids.CUSTOMER, customer.id),
        [(name, shown.number(amount)) for name, amount in balance._asdict().items()]
        + _credit(Wallet.objects.get(customer=customer)),
        [_lot(lot) for lot in _open_lots(customer)],
        _holds(customer),
        [
            (reverse("admin:accounts_apikey_change", args=[key.pk]), key)
            for key in customer.api_keys.order_by("-created_at")[:KEYS_MAX]
        ],
        _records(customer),
    )


def _credit(wallet: Wallet) -> list[tuple[str, str]]:
    """Only where credit was given."""
    figures = [("credit limit", wallet.credit_limit), ("owed", wallet.debt)]
    return [(name, shown.number(amount)) for name, amount in figures if amount]


def _open_lots(customer: Customer) -> QuerySet[Lot]:
    """In the order of their use."""
    lots = Lot.objects.filter(customer=customer, open=True)
    return lots.order_by("priority", "expires_at", "paid", "seq")[:LOTS_MAX]


def _lot(lot: Lot) -> LotRow:
    return LotRow(
        shown.row_page("lot", lot.customer_id, lot.id),
        shown.short(LOT, lot.id),
        lot.kind,
        shown.price(lot),
        shown.number(lot.units),
        shown.number(lot.remaining),
        shown.number(lot.held),
        shown.number(lot.frozen),
        lot.expires_at,
    )


def _holds(customer: Customer) -> list[HoldRow]:
    """The oldest first: the longer one is open, the likelier it was forgotten."""
    held = Reservation.objects.filter(customer=customer, state=ReservationState.HELD)
    holds = list(held.order_by("created_at")[:HOLDS_MAX])
    prices = Price.objects.filter(id__in=[hold.price_id for hold in holds if hold.price_id])
    endpoints = dict(prices.values_list("id", "endpoint__code"))
    now = selectors.now()
    return [
        HoldRow(
            shown.row_page("reservation", customer.id, hold.id),
            shown.short(RESERVATION, hold.id),
            shown.age(hold.created_at, now),
            endpoints.get(hold.price_id or 0, "-"),
            shown.number(hold.amount - hold.committed),
            hold.request_id,
            hold.expires_at,
        )
        for hold in holds
    ]


def _records(customer: Customer) -> list[tuple[str, str]]:
    query = urlencode({"q": ids.encode(ids.CUSTOMER, customer.id)})
    return [
        (f"{reverse(f'admin:ledger_{name}_changelist')}?{query}", text) for name, text in RECORDS
    ]
