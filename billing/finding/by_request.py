"""Calls, by the name of the request that made or settled them.

No index knows that: one would cost the debit path. A name of ours tells when it was given, so the
calls about that time are looked at; for a caller's own name it is those of late. Of one customer it
is as its own log of calls does it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from psycopg.errors import QueryCanceled

from accounts import request_ids
from accounts.models import Customer
from billing.finding.hit import Hit, of_history
from ledger import call_search, selectors
from ledger.models import Reservation
from ledger.selectors import lowest_id

ROWS_MAX: Final = 20
SECONDS_MAX: Final = 3
# A request is answered, and what it made is written, soon after it was named.
SOON: Final = timedelta(seconds=5)
# What it settled was held before: mostly a moment, at the most for a week.
BEFORE: Final = (timedelta(minutes=5), timedelta(days=8))
OF_LATE: Final = (timedelta(hours=1), timedelta(days=1))
_FIRST_MS: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
_LAST_MS: Final = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp() * 1000)


class Calls(NamedTuple):
    """`told`: how far was looked, where that is not everywhere."""

    hits: list[Hit]
    told: str = ""


class Stretch(NamedTuple):
    since: datetime
    until: datetime


def look(term: str) -> Calls:
    if not request_ids.is_one(term):
        return Calls([])
    reached = ""
    for stretch in _stretches(term):
        try:
            with _patience():
                found = _within(term, stretch)
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            return Calls([], f"{reached} More would have taken too long.".strip())
        if found:
            return Calls(found)
        reached = f"Calls made since {stretch.since:%Y-%m-%d %H:%M} UTC were looked at."
    return Calls([], reached)


def look_within(customer: Customer, term: str) -> Calls:
    """Its keys of idempotency, reservations and transactions, too."""
    found = call_search.search(customer.id, term, below=None, limit=ROWS_MAX)
    back_to = found.stretch.looked_back_to
    hits = [
        of_history("reservation", customer, call.found.row.id, str(call.found.name), "named so")
        for call in found.stretch.calls
    ]
    told = f"Calls made since {back_to:%Y-%m-%d %H:%M} UTC were looked at." if back_to else ""
    return Calls(hits, told)


def _stretches(term: str) -> list[Stretch]:
    made_at = request_ids.made_at_ms(term)
    if made_at is not None and _FIRST_MS < made_at < _LAST_MS:
        then = datetime.fromtimestamp(made_at / 1000, UTC)
        return [Stretch(then - before, then + SOON) for before in BEFORE]
    now = selectors.now()
    return [Stretch(now - length, now + SOON) for length in OF_LATE]


def _within(term: str, stretch: Stretch) -> list[Hit]:
    named = Q(request_id=term) | Q(ended_request_id=term)
    ids = Q(id__gte=lowest_id(stretch.since), id__lt=lowest_id(stretch.until))
    found = Reservation.objects.filter(ids, named).select_related("customer")
    return [
        of_history("reservation", one.customer, one.id, _title(one), f"request {term}")
        for one in found[:ROWS_MAX]
    ]


def _title(one: Reservation) -> str:
    return f"{one.state} at {one.created_at:%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def _patience() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', %s, true)", [f"{SECONDS_MAX}s"])
        yield
