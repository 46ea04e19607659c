"""Reading wallets, their lots, their history and what endpoints cost. (For reservations see
reservations.py.)"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Func, IntegerField, Q, QuerySet, UUIDField, Value

from ledger import services
from ledger.ids import ReservationId
from ledger.models import (
    Endpoint,
    Lot,
    Price,
    PriceTerms,
    RateCard,
    Reservation,
    Transfer,
    Wallet,
)
from ledger.operations import Result
from ledger.paging import Asked, ByNumber
from ledger.prices import cards_in_force, pricing
from ledger.prices.cards_in_force import CardEntry, Standing, TermsEntry
from ledger.prices.pricing import Billed

# A caller may date the id of a commit this far back.
IDS_LAG = timedelta(days=1)
EXPIRING_SHOWN = 100
_NOW = """
select ledger_now() + coalesce(
    (select clock_shift from ledger_wallet where customer_id = %s and clock_shift is not null), '0')
"""


class Balance(NamedTuple):
    """What a customer has, in micro-credits."""

    available: int
    held: int
    frozen: int

    @classmethod
    def after(cls, result: Result) -> "Balance":
        return cls(result.available or 0, result.held or 0, result.frozen or 0)

    @property
    def total(self) -> int:
        return self.available + self.held + self.frozen


class Transaction(NamedTuple):
    """The transfers that happened as one, the one that it is named after in front."""

    transfers: Sequence[Transfer]
    reservation: ReservationId | None

    @property
    def first(self) -> Transfer:
        return self.transfers[0]

    @property
    def amount(self) -> int:
        """What the wallet's balance gained."""
        return sum(_gain(transfer) for transfer in self.transfers)


def now(customer_id: UUID | None = None) -> datetime:
    """The ledger's time, by which everything expires; a customer's own, where its clock was
    moved, as a sandbox's may be."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [customer_id])
        instant: datetime = cursor.fetchall()[0][0]
    return instant


def balance(customer_id: UUID) -> Balance:
    """As of this second: what is due expires first. Raises UnknownCustomer."""
    return Balance.after(services.refresh(customer_id))


def expiring_lots(customer_id: UUID) -> list[Lot]:
    """Those that will take free credits with them when they expire, the next one first."""
    lots = Lot.objects.filter(customer_id=customer_id, open=True, expires_at__isnull=False)
    lots = lots.annotate(free=F("remaining") - F("held") - F("frozen")).filter(free__gt=0)
    return list(lots.order_by("expires_at", "seq")[:EXPIRING_SHOWN])


def lowest_id(instant: datetime) -> UUID:
    """Ids made from then on are above it."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def lots(customer_id: UUID, asked: Asked[ByNumber]) -> list[Lot]:
    """The last issued first. Raises UnknownCustomer."""
    services.refresh(customer_id)
    found = Lot.objects.filter(customer_id=customer_id)
    if asked.after:
        found = found.filter(seq__lt=asked.after.number)
    return list(found.order_by("-seq")[: asked.rows])


def transactions(customer_id: UUID, asked: Asked[ByNumber]) -> list[Transaction]:
    """In the order of the wallet's versions, which have no gaps, the last first."""
    found = history(customer_id)
    if asked.after:
        above = asked.after.number
    else:
        wallet = Wallet.objects.filter(customer_id=customer_id).first()
        above = wallet.version + 1 if wallet else 0
    transfers = list(found.filter(version__lt=above, version__gte=above - asked.rows))
    reservations = _reservation_ids(customer_id, transfers)
    by_version: dict[int, list[Transfer]] = defaultdict(list)
    for transfer in sorted(transfers, key=_place):
        by_version[transfer.version].append(transfer)
    return [
        Transaction(legs, reservations.get(legs[0].reservation_id))
        for _, legs in sorted(by_version.items(), reverse=True)
    ]


class CustomerHash(Func):
    """What the index on versions starts with, instead of the longer id."""

    function = "uuid_hash"
    output_field = IntegerField()


def history(customer_id: UUID) -> QuerySet[Transfer]:
    """Its transfers, to be filtered by version."""
    hashed = CustomerHash(Value(customer_id, UUIDField()))
    found = Transfer.objects.alias(customer_hash=CustomerHash("customer_id"))
    return found.filter(customer_hash=hashed, customer_id=customer_id)


def _place(transfer: Transfer) -> tuple[bool, UUID]:
    return transfer.id != transfer.transaction_id, transfer.id


def _gain(transfer: Transfer) -> int:
    return transfer.amount * ((transfer.credit == "U20") - (transfer.debit == "U20"))


def _reservation_ids(
    customer_id: UUID, transfers: Sequence[Transfer]
) -> dict[UUID | None, ReservationId]:
    own = {transfer.reservation_id for transfer in transfers} - {None}
    found = Reservation.objects.filter(customer_id=customer_id, id__in=own)
    return {
        id: ReservationId(customer_id, id, price_id or 0)
        for id, price_id in found.values_list("id", "price_id")
    }


def shared_cards() -> list[CardEntry]:
    """Those published that are not one customer's own."""
    return _entries(RateCard.objects.filter(customer=None))


def standing(customer_id: UUID | None, at: datetime) -> Standing:
    """Which cards a customer pays by at an instant; without a customer, everyone's."""
    if customer_id is None:
        return cards_in_force.standing(None, shared_cards(), (), at)
    terms = PriceTerms.objects.filter(customer_id=customer_id).values_list(*TermsEntry._fields)
    own = _entries(RateCard.objects.filter(customer_id=customer_id))
    found = TermsEntry(*terms[0]) if terms else None
    return cards_in_force.standing(found, shared_cards(), own, at)


def prices_of(
    customer_id: UUID | None, at: datetime, asked: Asked[ByNumber] | None = None
) -> list[Price]:
    """All that a customer pays by at an instant, or a page of them."""
    override, base = standing(customer_id, at)
    own = Price.objects.filter(rate_card=override)
    others = Q(rate_card=base) & ~Q(endpoint__in=own.values("endpoint"))
    found = Price.objects.filter(others | Q(rate_card=override))
    found = found.select_related("endpoint", "rate_card").order_by("id")
    if asked and asked.after:
        found = found.filter(id__gt=asked.after.number)
    return list(found[: asked.rows] if asked else found)


def priced(price: Price) -> pricing.Price:
    """As calls are priced by it."""
    endpoint = price.endpoint
    return pricing.Price(
        id=price.id,
        rate_card=price.rate_card.name,
        per_call=price.per_call,
        units=pricing.units_of(price.units),
        minimum=price.minimum,
        maximum=price.maximum,
        endpoint=endpoint.code,
        endpoint_id=endpoint.id,
        method=endpoint.method,
        path_template=endpoint.path_template,
        billed=billed(endpoint),
    )


def billed(endpoint: Endpoint) -> Billed:
    return Billed(
        success=endpoint.billed_success,
        client_error=endpoint.billed_client_error,
        server_error=endpoint.billed_server_error,
        timeout=endpoint.billed_timeout,
        partial=endpoint.billed_partial,
    )


def _entries(cards: "QuerySet[RateCard]") -> list[CardEntry]:
    published = cards.filter(published_at__isnull=False)
    return [CardEntry(*row) for row in published.values_list(*CardEntry._fields)]
