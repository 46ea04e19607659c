"""From how many addresses keys are used, and which of them from unusually many.

Each process keeps in memory what it has seen and writes it down from time to time, so that no call
waits for it: the debit API in `ledger/fastpath/directory.py`, customers' own reads here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts import addresses, directory
from accounts.addresses import Address
from accounts.models import ApiKey, KeyAddress, KeyNotice
from accounts.services import tell_of_key

KEPT: Final = timedelta(days=8)
# As many as usual, times this: a key that many use by nature is not told of every day.
TIMES: Final = 3
_NOTED_MAX: Final = 20_000

# Of this hour and the one before. What is usual is the middle of the hours of a week in which the
# key was used.
_UNUSUAL: Final = """
with used as (
    select key_id, hour, count(*) as addresses from accounts_keyaddress
    where hour > %(now)s - interval '7 days' group by 1, 2
)
select u.key_id, u.hour, u.addresses, coalesce(w.usual, 0)
from used u left join lateral (
    select percentile_disc(0.5) within group (order by b.addresses) as usual
    from used b where b.key_id = u.key_id and b.hour < u.hour
) w on true
where u.hour > %(now)s - interval '2 hours'
    and u.addresses >= greatest(%(least)s, %(times)s * coalesce(w.usual, 0))
order by u.key_id, u.addresses desc
"""

_noted: set[tuple[UUID, datetime, str]] = set()


class Unusual(NamedTuple):
    key: ApiKey
    notice: KeyNotice


def note(key_id: UUID, address: Address) -> None:
    """Written once an hour for each: reads come by the thousand."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    seen = (key_id, hour, addresses.as_counted(address))
    if seen in _noted:
        return
    if len(_noted) >= _NOTED_MAX:
        _noted.clear()
    _noted.add(seen)
    with connection.cursor() as cursor:
        parameters: Any = {"keys": [key_id], "hours": [hour], "addresses": [seen[2]]}
        cursor.execute(directory.NOTE_ADDRESSES, parameters)


def look(now: datetime) -> list[Unusual]:
    """Keys that nobody was told of today. The customer is, with an event; who calls this tells
    the others."""
    found = [_told(*row) for row in _unusual(now)]
    return [one for one in found if one is not None]


def forget(now: datetime) -> int:
    forgotten, _ = KeyAddress.objects.filter(hour__lt=now - KEPT).delete()
    return forgotten


def _unusual(now: datetime) -> list[tuple[UUID, datetime, int, int]]:
    parameters = {"now": now, "least": settings.KEY_ADDRESSES, "times": TIMES}
    with connection.cursor() as cursor:
        cursor.execute(_UNUSUAL, parameters)
        found: list[tuple[UUID, datetime, int, int]] = cursor.fetchall()
    return found


@transaction.atomic
def _told(key_id: UUID, hour: datetime, count: int, usual: int) -> Unusual | None:
    key = ApiKey.objects.select_related("customer__sandbox_of").get(id=key_id)
    notice, is_new = KeyNotice.objects.get_or_create(
        key=key, day=hour.date(), defaults={"hour": hour, "addresses": count, "usual": usual}
    )
    if not is_new:
        return None
    tell_of_key(key, "key.many_addresses", addresses=count, usual=usual, hour=hour.isoformat())
    return Unusual(key, notice)
