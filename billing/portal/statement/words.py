"""What moved a balance, in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import ApiKey
from billing import shown
from billing.models import Purchase
from billing.models.purchases import PURCHASE
from ledger import statements
from ledger.ids import TRANSACTION, ReservationId
from ledger.models import Lot, Price, Reservation
from ledger.statements import Line, Sum

KINDS: Final[Mapping[str, str]] = {
    "commit": "Used",
    "reverse": "Given back for a call",
    "grant-paid": "Bought",
    "grant-bonus": "Bonus",
    "grant-promo": "Promotional credits",
    "grant-goodwill": "Goodwill credits",
    "grant-adjustment": "Adjustment",
    "concession": "Added to a purchase",
    "expire": "Expired",
    "escheat": "Unclaimed, given to the state",
    "refund": "Refunded",
    "dispute": "Taken back after a dispute",
    "forfeit": "Forfeited",
    "void": "Taken back",
    "restore": "Put back",
    "reinstate": "Given back after expiry",
    "move-in": "Moved here",
    "move-out": "Moved away",
    "cover": "Covered what was used on credit",
    "uncover": "Used on credit again",
}
ON_CREDIT: Final = "On credit"


class LotPart(NamedTuple):
    """Without a lot: the credit limit."""

    lot: Lot | None
    name: str
    amount: str


class Told(NamedTuple):
    """A line. `call` is the name of the call that it is of; `purchase`, what was bought, for who
    may see it; `entered_at`, where that was later than it counts."""

    line: Line
    title: str
    amount: str
    balance: str
    is_gain: bool
    details: Sequence[str]
    parts: Sequence[LotPart]
    call: str
    endpoint: str
    key: str
    request_id: str
    purchase: Purchase | None
    entered_at: datetime | None

    @property
    def transaction(self) -> str:
        return ids.encode(TRANSACTION, self.line.transaction_id)


class TotalOf(NamedTuple):
    title: str
    lines: str
    amount: str


def tell(customer_id: UUID, lines: Sequence[Line], *, may_buy: bool) -> list[Told]:
    calls = _calls(customer_id, lines)
    codes = endpoints(call.price_id for call in calls.values())
    keys = ApiKey.objects.in_bulk([call.api_key_id for call in calls.values() if call.api_key_id])
    lots = statements.lots_of(customer_id, (part.lot_id for line in lines for part in line.parts))
    bought = purchases(customer_id, (line.document for line in lines)) if may_buy else {}
    told = []
    for line in lines:
        call = calls.get(line.reservation_id) if line.reservation_id else None
        endpoint = codes.get(call.price_id, "") if call else ""
        key = keys.get(call.api_key_id) if call and call.api_key_id else None
        request_id = (call.ended_request_id or call.request_id or "") if call else ""
        told.append(
            Told(
                line=line,
                title=kind(line.kind),
                amount=signed(line.amount),
                balance=shown.credits(line.balance),
                is_gain=line.amount > 0,
                details=[line.reason] if line.reason else [],
                parts=[_part(lots, part.lot_id, part.amount) for part in line.parts],
                call=str(ReservationId(customer_id, call.id, call.price_id or 0)) if call else "",
                endpoint=endpoint,
                key=key.name if key else "",
                request_id=request_id,
                purchase=bought.get(line.document or ""),
                entered_at=line.posted_at if line.posted_at != line.at else None,
            )
        )
    return told


def totals(sums: Iterable[Sum]) -> list[TotalOf]:
    """What came in, then what went out."""
    ordered = sorted(sums, key=lambda one: (one.amount < 0, -abs(one.amount)))
    return [TotalOf(kind(one.kind), f"{one.lines:,}", signed(one.amount)) for one in ordered]


def kind(name: str) -> str:
    return KINDS.get(name, name.replace("-", " ").capitalize())


def signed(amount: int) -> str:
    return f"+{shown.credits(amount)}" if amount > 0 else shown.credits(amount)


def lot_name(lot: Lot) -> str:
    return f"Lot\N{NO-BREAK SPACE}{lot.seq}"


def endpoints(prices: Iterable[int | None]) -> dict[int | None, str]:
    found = Price.objects.filter(id__in={id for id in prices if id})
    return dict(found.values_list("id", "endpoint__code"))


def purchases(customer_id: UUID, documents: Iterable[str | None]) -> dict[str, Purchase]:
    """Those that these documents are of, by the document."""
    named = {document: _purchase_id(document) for document in documents if document}
    found = Purchase.objects.filter(customer_id=customer_id).in_bulk(
        {id for id in named.values() if id}
    )
    return {name: found[id] for name, id in named.items() if id in found}


def _purchase_id(document: str) -> UUID | None:
    try:
        return ids.decode(PURCHASE, document)
    except InvalidId:
        return None


def _calls(customer_id: UUID, lines: Iterable[Line]) -> dict[UUID, Reservation]:
    named = {line.reservation_id for line in lines if line.reservation_id}
    if not named:
        return {}
    found = Reservation.objects.filter(customer_id=customer_id, id__in=named)
    return {call.id: call for call in found}


def _part(lots: Mapping[UUID, Lot], lot_id: UUID | None, amount: int) -> LotPart:
    lot = lots.get(lot_id) if lot_id else None
    return LotPart(lot, lot_name(lot) if lot else ON_CREDIT, signed(amount))
