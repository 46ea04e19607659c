"""For how long a customer's credits last."""

from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import F, Min, Sum

from ledger import selectors, usage
from ledger.periods import Period

_DAY_SECONDS = 24 * 60 * 60
_WINDOW = timedelta(days=30)
# The pace is a sum over a month of calls, and balances are asked for often.
_HOLDS_SECONDS = 60


def days(customer_id: UUID, *, available: int) -> int | None:
    """Whole days, at the pace of late. None: nothing was used."""
    used = pace(customer_id)
    return None if used is None else max(available // used, 0)


def pace(customer_id: UUID) -> int | None:
    """Micro-credits a day over the last 30 days, or since the first call that cost something where
    that was later, but over one day at least. None: nothing was used."""
    key = f"pace/{customer_id}"
    used: int | None = cache.get(key) or _pace(customer_id)
    if used is not None:
        cache.add(key, used, _HOLDS_SECONDS)
    return used


def _pace(customer_id: UUID) -> int | None:
    instant = selectors.now()
    costly = usage.committed(customer_id, Period(instant - _WINDOW, instant)).filter(
        committed__gt=F("reversed")
    )
    used = costly.aggregate(amount=Sum(F("committed") - F("reversed")), first=Min("created_at"))
    if used["amount"] is None:
        return None
    seconds = max(int((instant - used["first"]).total_seconds()), _DAY_SECONDS)
    return max(int(used["amount"]) * _DAY_SECONDS // seconds, 1)
