"""A customer's calls as the API shows them, but many: rows of texts, for a file."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from accounts import ids
from accounts.models import ApiKey
from ledger import amounts, reservations, selectors
from ledger.call_log import Filters, applying
from ledger.ids import TRANSACTION, ReservationId
from ledger.models import Price, Reservation, ReservationState

# Read at once. A little: other requests of the process wait for what Python does with them.
_AT_ONCE: Final = 1_000

HEADER: Final = (
    *("id", "status", "endpoint", "key", "key_prefix", "cost", "amount", "committed", "reversed"),
    *("outcome", "quantity", "transaction", "request_id", "ended_request_id"),
    *("created_at", "happened_at", "ended_at", "metadata"),
)


class Row(NamedTuple):
    id: UUID
    state: str
    price_id: int | None
    api_key_id: UUID | None
    amount: int
    committed: int
    reversed: int
    outcome: str | None
    quantities: dict[str, str] | None
    used_quantities: dict[str, str] | None
    transaction_id: UUID | None
    request_id: str | None
    ended_request_id: str | None
    created_at: datetime
    happened_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime
    metadata: dict[str, str] | None


def rows(customer_id: UUID, filters: Filters) -> Iterator[list[str]]:
    """As they stand now, the last made first; read as they are taken. Raises NotFound, for
    another customer's key, before the first."""
    instant = selectors.now(customer_id)
    found = Reservation.objects.filter(applying(customer_id, filters), customer_id=customer_id)
    if filters.state is not None:
        found = reservations.in_state(found, filters.state, instant)
    return _rows(customer_id, found.order_by("-id"), instant)


def _rows(
    customer_id: UUID, found: QuerySet[Reservation], instant: datetime
) -> Iterator[list[str]]:
    keys = dict(ApiKey.objects.filter(customer_id=customer_id).values_list("id", "prefix"))
    endpoints: dict[int | None, str] = {None: ""}
    show = partial(_shown, customer_id, keys, endpoints, instant)
    below = None
    while True:
        part = found if below is None else found.filter(id__lt=below)
        read = [Row._make(one) for one in part.values_list(*Row._fields)[:_AT_ONCE]]
        _learn(endpoints, {row.price_id for row in read})
        yield from map(show, read)
        if len(read) < _AT_ONCE:
            return
        below = read[-1].id


def _learn(endpoints: dict[int | None, str], price_ids: set[int | None]) -> None:
    if new := [id for id in price_ids if id not in endpoints]:
        endpoints |= dict(Price.objects.filter(id__in=new).values_list("id", "endpoint__code"))


def _shown(
    customer_id: UUID,
    keys: dict[UUID, str],
    endpoints: dict[int | None, str],
    instant: datetime,
    row: Row,
) -> list[str]:
    is_overdue = row.state == ReservationState.HELD and row.expires_at <= instant
    state = ReservationState.EXPIRED.value if is_overdue else row.state
    return [
        str(ReservationId(customer_id, row.id, row.price_id or 0)),
        state,
        endpoints.get(row.price_id, ""),
        ids.encode(ids.KEY, row.api_key_id) if row.api_key_id in keys else "",
        keys.get(row.api_key_id, "") if row.api_key_id else "",
        amounts.show(row.committed - row.reversed),
        amounts.show(row.amount),
        amounts.show(row.committed),
        amounts.show(row.reversed),
        row.outcome or "",
        _json(row.used_quantities or row.quantities),
        ids.encode(TRANSACTION, row.transaction_id) if row.transaction_id else "",
        row.request_id or "",
        row.ended_request_id or "",
        _time(row.created_at),
        _time(row.happened_at),
        _time(row.expires_at if state == ReservationState.EXPIRED else row.ended_at),
        _json(row.metadata),
    ]


def _time(instant: datetime | None) -> str:
    """As the API writes it; the database's connection speaks UTC."""
    return "" if instant is None else instant.isoformat().replace("+00:00", "Z")


def _json(content: Any) -> str:
    return "" if content is None else msgspec.json.encode(content).decode()
