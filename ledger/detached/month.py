"""A month of calls as the database has it: the partition of its ids. All of it is the owner's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import OperationalError, connections, transaction
from django.db.backends.utils import CursorWrapper

from ledger.detached.errors import Busy, MonthRefused
from ledger.selectors import lowest_id

OWNER: Final = "owner"
# Debits wait behind whoever waits for the table: so nobody does for long. COPY writes times in UTC.
_SETTINGS: Final = """
set local lock_timeout = '2s';
set local synchronous_commit = on;
set local timezone = 'UTC';
set local datestyle = 'ISO'
"""
# The same as where months are made: one after the other.
_ALONE: Final = "select pg_advisory_xact_lock(hashtext('ledger_make_partitions'))"
_WAITED: Final = {"55P03", "40P01"}  # for a lock, or for each other


class Month(NamedTuple):
    first: date

    @property
    def table(self) -> str:
        return f"ledger_call_y{self.first:%Y}m{self.first:%m}"

    @property
    def begins(self) -> datetime:
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        return months_after(self.begins, 1)

    @property
    def low(self) -> UUID:
        return lowest_id(self.begins)

    @property
    def above(self) -> UUID:
        return lowest_id(self.ends)

    @property
    def asked(self) -> dict[str, Any]:
        """What statements of a month are given."""
        return {"month": self.first, "low": self.low, "above": self.above, "ends": self.ends}

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def months_after(instant: datetime, number: int) -> datetime:
    years, month = divmod(instant.month - 1 + number, 12)
    return instant.replace(year=instant.year + years, month=month + 1)


@contextmanager
def at_work() -> Iterator[CursorWrapper]:
    """The owner's cursor in one transaction, which nobody else has who makes or moves months.
    Raises Busy."""
    try:
        with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
            cursor.execute(_SETTINGS)
            cursor.execute(_ALONE)
            yield cursor
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in _WAITED:
            raise Busy from error
        raise


def value(cursor: CursorWrapper, sql: str, asked: Any = None) -> Any:
    cursor.execute(sql, asked)
    return cursor.fetchall()[0][0]


def columns(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "select attname::text from pg_attribute where attrelid = 'ledger_call'::regclass"
        " and attnum > 0 and not attisdropped order by attnum"
    )
    return [name for (name,) in cursor.fetchall()]


def is_there(cursor: CursorWrapper, month: Month) -> bool:
    return bool(value(cursor, "select to_regclass(%s) is not null", [month.table]))


def refuse_strays(cursor: CursorWrapper, month: Month) -> None:
    """Raises MonthRefused, if calls of the month stand where those of no month do."""
    found = value(
        cursor,
        "select count(*) from ledger_call_rest where id >= %(low)s and id < %(above)s",
        month.asked,
    )
    if found:
        raise MonthRefused(
            f"{found} calls of {month} are in ledger_call_rest, since the month had no table when"
            " they were made: it stays as it is."
        )
