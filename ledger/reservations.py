"""Finding reservations. One whose time has come is expired, whether or not anybody has touched its
wallet since."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.errors import NotFound
from ledger import selectors
from ledger.ids import ReservationId
from ledger.models import Price, Reservation, ReservationState
from ledger.paging import Asked, ById

_NAMED_BY_KEY = """
select reservation_id from ledger_key
where key = %(key)s and reservation_id is not null
    and (%(customer)s::uuid is null or customer_id = %(customer)s)
union
select reservation_id from ledger_transfer
where id = %(key)s and reservation_id is not null
    and (%(customer)s::uuid is null or customer_id = %(customer)s)
"""


class Found(NamedTuple):
    """A reservation as it stands at an instant, with the price that it pinned."""

    row: Reservation
    state: str
    price: Price | None

    @property
    def name(self) -> ReservationId:
        return ReservationId(self.row.customer_id, self.row.id, self.row.price_id or 0)

    @property
    def released(self) -> int:
        if self.state == ReservationState.HELD:
            return 0
        return max(self.row.amount - self.row.committed, 0)

    @property
    def ended_at(self) -> datetime | None:
        return self.row.expires_at if self.state == ReservationState.EXPIRED else self.row.ended_at

    @property
    def quantities(self) -> Mapping[str, str] | None:
        return self.row.used_quantities or self.row.quantities

    @property
    def by_lot(self) -> dict[UUID | None, int]:
        """What it holds, or what paid for it. No lot: the credit limit."""
        parts = self.row.split if self.state == ReservationState.HELD else self.row.used
        sums: dict[UUID | None, int] = {}
        for lot, part in zip(self.row.lots, parts, strict=True):
            sums[lot] = sums.get(lot, 0) + part
        return {lot: part for lot, part in sums.items() if part}


def one(name: ReservationId) -> Found:
    """Raises NotFound, for an id that names another price than the hold's too."""
    row = Reservation.objects.filter(customer_id=name.customer_id, id=name.id).first()
    if row is None or (row.price_id or 0) != name.price_id:
        raise NotFound
    return found([row], selectors.now(name.customer_id))[0]


def some(
    asked: Asked[ById],
    *,
    customer_id: UUID | None,
    state: ReservationState | None,
    key: UUID | None,
) -> list[Found]:
    """The last made first. `key` is the core's key of an operation that made or settled it."""
    instant = selectors.now(customer_id)
    rows = Reservation.objects.all()
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    if state is not None:
        rows = in_state(rows, state, instant)
    if key is not None:
        rows = rows.filter(id__in=[key, *_named_by_key(key, customer_id)])
    if asked.after is not None:
        rows = _behind(rows, asked.after)
    return found(rows.order_by("-id", "-customer_id")[: asked.rows], instant)


def found(rows: Collection[Reservation] | QuerySet[Reservation], instant: datetime) -> list[Found]:
    prices = _prices({row.price_id for row in rows})
    return [Found(row, _state(row, instant), prices.get(row.price_id)) for row in rows]


def _state(row: Reservation, instant: datetime) -> str:
    overdue = row.state == ReservationState.HELD and row.expires_at <= instant
    return ReservationState.EXPIRED if overdue else row.state


def _prices(ids: Collection[int | None]) -> dict[int | None, Price]:
    found = Price.objects.filter(id__in=[id for id in ids if id])
    return {price.id: price for price in found.select_related("endpoint", "rate_card")}


def in_state(
    rows: QuerySet[Reservation], state: ReservationState, instant: datetime
) -> QuerySet[Reservation]:
    if state is ReservationState.HELD:
        # The second says the same of open holds, and spares the planner those that ended.
        return rows.filter(state=state, ended_at__isnull=True, expires_at__gt=instant)
    if state is ReservationState.EXPIRED:
        overdue = Q(state=ReservationState.HELD, expires_at__lte=instant)
        return rows.filter(Q(state=state) | overdue)
    return rows.filter(state=state)


def _named_by_key(key: UUID, customer_id: UUID | None) -> list[UUID]:
    """Where the key is not the row's own id, the memory or the commit that has it tells."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_BY_KEY, {"key": key, "customer": customer_id})
        return [row[0] for row in cursor.fetchall()]


def _behind(rows: QuerySet[Reservation], last: ById) -> QuerySet[Reservation]:
    return rows.filter(Q(id__lt=last.id) | Q(id=last.id, customer_id__lt=last.customer_id))
