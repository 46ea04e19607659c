"""Reading wallets, their lots, their history and what endpoints cost. (For reservations see
reservations.py.)"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Max, Min, Sum

from ledger import services
from ledger.ids import ReservationId
from ledger.models import Lot, Price, RateCard, Reservation, Transfer
from ledger.operations import Result
from ledger.paging import Asked, ByNumber

BURN_WINDOW = timedelta(days=30)
# A caller may date the id of a commit this far back.
IDS_LAG = timedelta(days=1)
EXPIRING_SHOWN = 100


class Wallet(NamedTuple):
    """What a customer has, in micro-credits."""

    available: int
    held: int
    frozen: int

    @classmethod
    def after(cls, result: Result) -> "Wallet":
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


def now() -> datetime:
    """The ledger's time, by which everything expires."""
    with connection.cursor() as cursor:
        cursor.execute("select ledger_now()")
        instant: datetime = cursor.fetchall()[0][0]
    return instant


def wallet(customer_id: UUID) -> Wallet:
    """As of this second: what is due expires first. Raises UnknownCustomer."""
    return Wallet.after(services.refresh(customer_id))


def expiring_lots(customer_id: UUID) -> list[Lot]:
    """Those that will take free credits with them when they expire, the next one first."""
    lots = Lot.objects.filter(customer_id=customer_id, open=True, expires_at__isnull=False)
    lots = lots.annotate(free=F("remaining") - F("held") - F("frozen")).filter(free__gt=0)
    return list(lots.order_by("expires_at", "seq")[:EXPIRING_SHOWN])


def runway_days(customer_id: UUID, *, available: int) -> int | None:
    """For how many whole days the credits last at the pace of the last 30 days, or of the days
    since the first use where those are fewer. None: nothing was used."""
    instant = now()
    since = instant - BURN_WINDOW
    used = Transfer.objects.filter(
        customer_id=customer_id,
        id__gte=_lowest_id(since - IDS_LAG),
        posted_at__gte=since,
        kind="commit",
    ).aggregate(amount=Sum("amount"), first=Min("posted_at"))
    if used["amount"] is None:
        return None
    days = max((instant - used["first"]) / timedelta(days=1), 1.0)
    return max(int(available * days / used["amount"]), 0)


def _lowest_id(instant: datetime) -> UUID:
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
    found = Transfer.objects.filter(customer_id=customer_id)
    if asked.after:
        above = asked.after.number
    else:
        above = (found.aggregate(last=Max("version"))["last"] or 0) + 1
    transfers = list(found.filter(version__lt=above, version__gte=above - asked.rows))
    reservations = _reservation_ids(customer_id, transfers)
    by_version: dict[int, list[Transfer]] = defaultdict(list)
    for transfer in sorted(transfers, key=_place):
        by_version[transfer.version].append(transfer)
    return [
        Transaction(legs, reservations.get(legs[0].reservation_id))
        for _, legs in sorted(by_version.items(), reverse=True)
    ]


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


def card_in_force() -> RateCard | None:
    """The published card with the last date that has come."""
    published = RateCard.objects.filter(published_at__isnull=False, effective_at__lte=now())
    return published.order_by("-effective_at", "-id").first()


def prices_in_force(asked: Asked[ByNumber]) -> list[Price]:
    found = Price.objects.filter(rate_card=card_in_force())
    if asked.after:
        found = found.filter(id__gt=asked.after.number)
    return list(found.select_related("endpoint", "rate_card").order_by("id")[: asked.rows])
