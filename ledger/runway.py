"""For how long a customer's credits last."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache

from ledger import selectors, usage
from ledger.periods import Period

_DAY_SECONDS = 24 * 60 * 60
_WINDOW = timedelta(days=30)
# The pace is a sum over a month of calls, and balances are asked for often.
_HOLDS_SECONDS = 60


class Burn(NamedTuple):
    """Micro-credits a day, as they were used between two instants, or in a day where these are
    closer together."""

    a_day: int
    since: datetime
    until: datetime


def days(customer_id: UUID, *, available: int) -> int | None:
    """Whole days, at the pace of late. None: nothing was used."""
    used = pace(customer_id)
    return None if used is None else max(available // used, 0)


def pace(customer_id: UUID) -> int | None:
    """Micro-credits a day over the last 30 days, or since the first call that cost something where
    that was later, but over one day at least. None: nothing was used."""
    used = burn(customer_id)
    return None if used is None else used.a_day


def burn(customer_id: UUID) -> Burn | None:
    """The pace, with the time that it was taken over. None: nothing was used."""
    key = f"burn/{customer_id}"
    used: Burn | None = cache.get(key) or _burn(customer_id)
    if used is not None:
        cache.add(key, used, _HOLDS_SECONDS)
    return used


def _burn(customer_id: UUID) -> Burn | None:
    instant = selectors.now(customer_id)
    used = usage.use(customer_id, Period(instant - _WINDOW, instant))
    if used.first_at is None:
        return None
    seconds = max(int((instant - used.first_at).total_seconds()), _DAY_SECONDS)
    return Burn(max(used.amount * _DAY_SECONDS // seconds, 1), used.first_at, instant)
