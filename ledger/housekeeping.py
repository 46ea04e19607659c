"""What keeps the ledger's tables in order."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection


def make_partitions(ahead: timedelta) -> int:
    """Those of the months until then that are missing; how many tables were made."""
    return _counted(
        "select ledger_make_partitions(ledger_now(), ledger_now() + make_interval(secs => %s))",
        [ahead.total_seconds()],
    )


def forget_keys(older_than: timedelta, *, at_most: int) -> int:
    """Idempotency keys of callers; how many. Those of our own rooms are kept for ever."""
    return _counted(
        "select ledger_forget_keys(ledger_now() - make_interval(secs => %s), %s)",
        [older_than.total_seconds(), at_most],
    )


def _counted(statement: str, parameters: Sequence[float]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchall()[0][0])
