"""One call of a customer, by what a log or an answer says of it: the id of a request, of the
reservation or of a transaction, or an idempotency key."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from accounts import ids, request_ids
from accounts.errors import InvalidId
from accounts.models import Service
from ledger import periods, selectors
from ledger.call_log import Filters, logged
from ledger.call_stretches import Stretch, stretch
from ledger.ids import RESERVATION, TRANSACTION, decode_reservation
from ledger.keys import core_key
from ledger.models import Reservation, Transfer

# A caller's own id, or key, of any length that one can be.
LONGEST: Final = 255
_SERVICES_MAX: Final = 1_000
# A request is answered, and what it made is written, soon after it was named.
_SOON: Final = timedelta(seconds=5)

_NAMED_BY_KEYS: Final = """
select reservation_id from ledger_key
where customer_id = %(customer)s and key = any(%(keys)s) and reservation_id is not null
union
select reservation_id from ledger_transfer
where customer_id = %(customer)s and id = any(%(keys)s) and reservation_id is not null
"""


class Where(StrEnum):
    """How far was looked."""

    AT_ONCE = "at-once"  # where it names it, and nowhere else
    NEAR = "near"  # about the time that the name tells
    BACK = "back"  # through all calls, from the last one


class Hits(NamedTuple):
    stretch: Stretch
    where: Where


def search(customer_id: UUID, text: str, *, below: UUID | None, limit: int) -> Hits:
    """With `below`, a stretch of all calls; without, first what can be found faster than that."""
    if text.startswith(f"{RESERVATION}_"):
        return Hits(_of_reservation(customer_id, text), Where.AT_ONCE)
    if text.startswith(f"{TRANSACTION}_"):
        return Hits(_of_transaction(customer_id, text), Where.AT_ONCE)
    if below is None:
        if by_key := _by_key(customer_id, text):
            return Hits(by_key, Where.AT_ONCE)
        if near := _near(customer_id, text, limit):
            return Hits(near, Where.NEAR)
    if not request_ids.is_one(text):
        return Hits(Stretch([]), Where.BACK)
    return Hits(stretch(customer_id, _of_request(text), below=below, limit=limit), Where.BACK)


def _of_reservation(customer_id: UUID, text: str) -> Stretch:
    try:
        name = decode_reservation(text)
    except InvalidId:
        return Stretch([])
    if name.customer_id != customer_id:
        return Stretch([])
    return _with_ids(customer_id, [name.id])


def _of_transaction(customer_id: UUID, text: str) -> Stretch:
    """A transaction is named after its first transfer."""
    try:
        id = ids.decode(TRANSACTION, text)
    except InvalidId:
        return Stretch([])
    found = Transfer.objects.filter(customer_id=customer_id, id=id)
    named = found.values_list("reservation_id", flat=True)
    return _with_ids(customer_id, [one for one in named if one])


def _by_key(customer_id: UUID, text: str) -> Stretch | None:
    """Each service has keys of its own, and a customer need not know by which one it was called."""
    services = Service.objects.order_by("id").values_list("id", flat=True)[:_SERVICES_MAX]
    keys = [core_key(service_id, text) for service_id in services]
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_BY_KEYS, {"customer": customer_id, "keys": keys})
        named = [row[0] for row in cursor.fetchall()]
    found = _with_ids(customer_id, [*keys, *named])
    return found if found.calls else None


def _with_ids(customer_id: UUID, named: list[UUID]) -> Stretch:
    found = Reservation.objects.filter(customer_id=customer_id, id__in=named).order_by("-id")
    return Stretch(logged(found, selectors.now(customer_id)))


def _near(customer_id: UUID, text: str, limit: int) -> Stretch | None:
    """A name of ours tells when it was given."""
    made_at = request_ids.made_at_ms(text)
    if made_at is None or made_at > _LAST_MS:
        return None
    above = selectors.lowest_id(datetime.fromtimestamp(made_at / 1000, UTC) + _SOON)
    found = stretch(customer_id, _of_request(text), below=above, limit=limit)
    return found if found.calls else None


_LAST_MS: Final = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp() * 1000)


def _of_request(name: str) -> Filters:
    return Filters(periods.ALWAYS, request_id=name)
