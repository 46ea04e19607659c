"""The ledger's clock, moved inside one database transaction and put back before its end.

So nobody else ever sees it moved, and a start that is interrupted leaves nothing behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, connections, transaction


@contextmanager
def as_owner() -> Iterator[None]:
    """The services work on the owner's connection: only the owner may move the clock, and what is
    done under it has to be in the same transaction."""
    application = connections["default"]
    connections["default"] = connections["owner"]
    try:
        yield
    finally:
        connections["default"] = application


@contextmanager
def moved_clock(since: datetime) -> Iterator[None]:
    """One transaction, in which `move_to` any time from `since` on is possible."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select ledger_make_partitions(%s, ledger_now())", [since])
        cursor.execute("select shift from ledger_clock for update")
        shift = cursor.fetchall()[0]
        yield
        cursor.execute("update ledger_clock set shift = %s", shift)


def move_to(instant: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update ledger_clock set shift = %s - clock_timestamp()", [instant])


def sweep() -> None:
    """Thousands of versions of a few rows are left, which no transaction can clear away itself."""
    with connection.cursor() as cursor:
        cursor.execute("vacuum full ledger_clock, ledger_wallet, ledger_lot, ledger_hold")
        cursor.execute("vacuum analyze ledger_call, ledger_transfer, ledger_event")
