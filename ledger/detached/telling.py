"""Pages and answers say which months of calls are in files, for there they find none."""

from collections.abc import Sequence
from datetime import UTC, time, timedelta
from typing import Final

from accounts.errors import InvalidRequest
from ledger.detached.month import Month
from ledger.models import DetachedMonth
from ledger.periods import Period

# What a caller may date an id back, and a little ahead (keys.py).
_AROUND: Final = timedelta(days=1)


def months_of(period: Period) -> list[str]:
    """Those of which a period has something, 2026-10, the first one first."""
    all_months = DetachedMonth.objects.order_by("month").values_list("month", flat=True)
    months = [Month(first) for first in all_months]
    return [str(one) for one in months if one.begins < period.end and one.ends > period.start]


def in_words(period: Period) -> str:
    """A sentence, or nothing."""
    return sentence(months_of(period))


def sentence(months: Sequence[str]) -> str:
    if not months:
        return ""
    return (
        f"Calls of {', '.join(months)} are kept in files and not listed here. Balances, statements"
        " and usage count them."
    )


def refuse_part_days(period: Period) -> None:
    """Of a month in a file sums of whole UTC days are here. Raises InvalidRequest."""
    for field, at in (("from", period.start), ("to", period.end)):
        is_whole = at.astimezone(UTC).time() == time()
        if not is_whole and (months := months_of(Period(at - _AROUND, at + _AROUND))):
            told = f"Calls of {months[0]} are kept in a file: ask for whole UTC days."
            raise InvalidRequest([{"field": field, "detail": told}])
