"""Reservations: holds, calls that were settled, and debits."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from accounts.request_ids import made_at_ms
from ledger import reservations, selectors
from ledger.models import Reservation, ReservationState, Transfer
from ledger.windows.filters import Filters, in_period, prices_of, within
from ledger.windows.pieces import Source
from ledger.windows.sums import Window

TIME: Final = "created_at"
# A hold may be this much older than the request that settles it.
_HELD_AT_MOST: Final = timedelta(days=7) + selectors.IDS_LAG


def source(filters: Filters) -> Source:
    now = selectors.now(filters.customer_id)
    every = _every(filters, now)
    return Source(every, _wanted(every, filters, now), TIME)


def _every(filters: Filters, now: datetime) -> QuerySet[Any]:
    every = within(Reservation.objects.all(), filters)
    if filters.reservation_id is not None:
        every = every.filter(id=filters.reservation_id)
    if filters.transaction_id is not None:
        every = every.filter(id__in=_named_by(filters))
    if filters.state is ReservationState.HELD:
        # Open holds are few, and stand in a table of their own.
        every = reservations.in_state(every, filters.state, now)
    return _about_request(every, filters.request_id) if filters.request_id else every


def _wanted(every: QuerySet[Any], filters: Filters, now: datetime) -> QuerySet[Any]:
    wanted = in_period(every, filters, TIME)
    if filters.endpoint:
        wanted = wanted.filter(price_id__in=prices_of(filters.endpoint))
    if filters.key_id is not None:
        wanted = wanted.filter(api_key_id=filters.key_id)
    if filters.state is not None:
        wanted = reservations.in_state(wanted, filters.state, now)
    if filters.outcome:
        wanted = wanted.filter(outcome=filters.outcome)
    if filters.request_id:
        asked = Q(request_id=filters.request_id) | Q(ended_request_id=filters.request_id)
        wanted = wanted.filter(asked)
    found: QuerySet[Any] = wanted.annotate(state_now=_state(now))
    return found


def _state(now: datetime) -> Case:
    """A hold whose time has come is expired, whether or not anything has touched it since."""
    is_overdue = Q(state=ReservationState.HELD, expires_at__lte=now)
    expired = Value(ReservationState.EXPIRED.value)
    return Case(When(is_overdue, then=expired), default=F("state"), output_field=CharField())


def _named_by(filters: Filters) -> list[Any]:
    """The first transfer of a transaction has its id."""
    assert filters.customer_id and filters.transaction_id
    found = Transfer.objects.filter(customer_id=filters.customer_id, id=filters.transaction_id)
    return [id for id in found.values_list("reservation_id", flat=True) if id]


def _about_request(every: QuerySet[Any], name: str) -> QuerySet[Any]:
    """A name of ours tells when it was given."""
    made_at = made_at_ms(name)
    if made_at is None or made_at > _LAST_MS:
        return every
    then = datetime.fromtimestamp(made_at / 1000, UTC)
    since = max(then - _HELD_AT_MOST, datetime.fromtimestamp(0, UTC))
    until = then + selectors.IDS_LAG
    return every.filter(id__gte=selectors.lowest_id(since), id__lt=selectors.lowest_id(until))


_LAST_MS: Final = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp() * 1000)

RESERVATIONS: Final = Window(
    source, groups=("state_now",), sums=("amount", "committed", "reversed", "uncollected")
)
