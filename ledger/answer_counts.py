"""How the debit API answered, over all processes and for 90 days (`fastpath/counted.py`)."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.periods import Period

KEPT_FOR: Final = timedelta(days=90)
STEP: Final = timedelta(minutes=5)

_COUNTS = """
select case when since >= %(start)s then date_trunc(%(by)s, since, 'UTC') end, operation, reason,
    sum(count)::bigint
from ledger_answercount
where since >= %(start)s and since < %(end)s or since >= %(before)s and since < %(before_end)s
group by 1, 2, 3
"""
_FORGET = """
delete from ledger_answercount where id in (
    select id from ledger_answercount where since < ledger_now() - %s order by since limit %s)
"""


class Count(NamedTuple):
    """`at` is when their hour or day began; None: they are of before all of these. An empty reason:
    they were granted."""

    at: datetime | None
    operation: str
    reason: str
    number: int


def counts(period: Period, before: Period, *, by: str) -> list[Count]:
    """Those of the period by `hour` or UTC `day`, those before it together."""
    asked: dict[str, Any] = {
        "before": before.start,
        "before_end": before.end,
        "by": by,
    } | period._asdict()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, asked)
        return [Count(*row) for row in cursor.fetchall()]


def forget(*, at_most: int) -> int:
    """Those that are too old; how many rows."""
    with connection.cursor() as cursor:
        given: list[Any] = [KEPT_FOR, at_most]
        cursor.execute(_FORGET, given)
        forgotten: int = cursor.rowcount
        return forgotten
